import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import { systemClock } from "../lib/clock.ts";
import { healthServer } from "../lib/health-server.ts";
import { KeycloakClient, path } from "../lib/keycloak/client.ts";
import { Membership } from "../lib/keycloak/membership.ts";
import { KubeClient } from "../lib/kube/client.ts";
import { kubeConfigInCluster } from "../lib/kube/in-cluster.ts";
import { batched, createLogger, type Logger, reasonOf } from "../lib/log.ts";
import { UserError } from "../lib/user-error.ts";
import { recognisePeople, recogniseServers } from "./auth/caller.ts";
import { secretMatcher } from "./auth/shared-secret.ts";
import { SigningKeys } from "./auth/signing-keys.ts";
import { TokenVerifier } from "./auth/token-verifier.ts";
import { ClusterState } from "./cluster-state.ts";
import type { Directory } from "./directory.ts";
import { graphqlHandler } from "./graphql.ts";
import { KeycloakDirectory } from "./keycloak-directory.ts";
import { standardLimits } from "./limits.ts";
import { ApiMetrics } from "./metrics.ts";
import { apiSchema } from "./schema/schema.ts";
import { apiServer } from "./server.ts";
import { readSettings, type Settings } from "./settings.ts";
import { setUpWelcome, type WelcomeParts } from "./welcome/setup.ts";

/** Endpoints of the Service take this long to forget a pod that is going; new requests still come meanwhile. */
const DRAIN_MS = 8_000;
const MAX_BODY_BYTES = 65_536;
const TIMEOUT_MS = 10_000;
const SECRET_LENGTH = 32;

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, resolve);
  });

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });

function secretIn(file: string): string {
  const secret = readFileSync(file, "utf8").trim();
  if (secret.length >= SECRET_LENGTH) return secret;
  throw new UserError(
    "server-secret",
    `${file} has ${secret.length} characters, at least ${SECRET_LENGTH}: make a longer one`,
  );
}

/** The secret, checked once before anything listens. */
function serverSecret({ serverSecretFile }: Settings): () => string {
  secretIn(serverSecretFile);
  return () => secretIn(serverSecretFile);
}

interface Accounts {
  readonly directory: Directory;
  readonly welcome: WelcomeParts | undefined;
}

/** Who people are, and how they become so. */
function accountsOf(settings: Settings, state: ClusterState, log: Logger): Accounts {
  const { keycloakUrl, realm, clientId, clientSecretFile, welcomeDir, publicUrl } = settings;
  const secret = (): string => readFileSync(clientSecretFile, "utf8").trim();
  const client = new KeycloakClient({ url: keycloakUrl, realm, credentials: { realm, clientId, secret } });
  const membership = new Membership({ client, clock: systemClock });
  const directory = new KeycloakDirectory({ client, membership, log });
  const displayName = (group: string): string => state.policy(group)?.displayName ?? group;
  const setup = { welcomeDir, publicUrl, client, directory, displayName, clock: systemClock, log };
  return { directory, welcome: setUpWelcome(setup) };
}

interface Running {
  readonly servers: readonly (readonly [server: Server, port: number])[];
  readonly health: Server;
  readonly drain: () => void;
  readonly stop: () => Promise<void>;
}

/** Puts the parts together; nothing listens yet. */
function assemble(settings: Settings, log: Logger): Running {
  const { issuer, audiences, keycloakUrl, realm, accelerators, culling, consoleOrigin, maxCalls } = settings;
  const stop = new AbortController();
  const draining = new AbortController();
  const clock = systemClock;
  const metrics = new ApiMetrics();
  const client = new KubeClient(kubeConfigInCluster(), { userAgent: "carrel-api" });
  const { workNamespace } = settings;
  const state = new ClusterState({ client, workNamespace, accelerators, clock, random: Math.random, log });
  const { directory, welcome } = accountsOf(settings, state, log);
  const facts = { policy: state.policy.bind(state), catalogue: state, usage: state.usage, accelerators, culling };
  const context = { directory, platform: state, facts, invitations: welcome?.invitations };
  const handling = { limits: standardLimits, maxBodyBytes: MAX_BODY_BYTES, timeoutMs: TIMEOUT_MS, log };
  const graphql = graphqlHandler({ schema: apiSchema(), context, ...handling });
  const certs = `${keycloakUrl}${path`/realms/${realm}`}/protocol/openid-connect/certs`;
  const { keyFor } = new SigningKeys({ url: certs, fetch, clock });
  const people = recognisePeople(new TokenVerifier({ issuer, audiences, keyFor, clock }), directory);
  const servers = recogniseServers(secretMatcher(serverSecret(settings)));
  const shared = { graphql, problem: () => state.problem(), maxCalls, metrics, clock, log };
  const running = state.run(stop.signal);
  return {
    servers: [
      [
        apiServer({ ...shared, welcome: welcome?.welcome, name: "public", recognise: people, origin: consoleOrigin }),
        settings.port,
      ],
      [apiServer({ ...shared, name: "internal", recognise: servers, origin: undefined }), settings.internalPort],
    ],
    health: healthServer({
      metrics: () => metrics.render(state.watches),
      notReady: () => (draining.signal.aborted ? "draining" : state.problem()),
    }),
    drain: () => draining.abort(),
    stop: async () => {
      stop.abort();
      await running;
      client.close();
    },
  };
}

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const write = batched((text) => process.stdout.write(text));
  const log = createLogger({ level: settings.logLevel, write });
  const { servers, health, drain, stop } = assemble(settings, log);
  await Promise.all([...servers.map(([server, port]) => listen(server, port)), listen(health, settings.metricsPort)]);
  log.info("started", { port: settings.port, internalPort: settings.internalPort, metricsPort: settings.metricsPort });
  await new Promise((resolve) => process.once("SIGTERM", resolve).once("SIGINT", resolve));
  drain();
  log.info("draining");
  await systemClock.sleep(DRAIN_MS);
  await Promise.all(servers.map(([server]) => close(server)));
  await stop();
  await close(health);
  log.info("stopped");
}

main().catch((error: unknown) => {
  createLogger().error("failed", { reason: reasonOf(error) });
  process.exitCode = 1;
});
