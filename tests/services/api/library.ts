import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Accelerators } from "../../../quota/accelerators.ts";
import { recognisePeople, recogniseServers } from "../../../services/api/auth/caller.ts";
import { secretMatcher } from "../../../services/api/auth/shared-secret.ts";
import { SigningKeys } from "../../../services/api/auth/signing-keys.ts";
import { TokenVerifier } from "../../../services/api/auth/token-verifier.ts";
import type { ClusterState } from "../../../services/api/cluster-state.ts";
import { graphqlHandler } from "../../../services/api/graphql.ts";
import { KeycloakDirectory } from "../../../services/api/keycloak-directory.ts";
import { type QueryLimits, standardLimits } from "../../../services/api/limits.ts";
import { ApiMetrics } from "../../../services/api/metrics.ts";
import { apiSchema } from "../../../services/api/schema/schema.ts";
import { apiServer, type ListenerOptions } from "../../../services/api/server.ts";
import { setUpWelcome } from "../../../services/api/welcome/setup.ts";
import { type Clock, systemClock } from "../../../services/lib/clock.ts";
import { Membership } from "../../../services/lib/keycloak/membership.ts";
import { createLogger, type Logger } from "../../../services/lib/log.ts";
import { type Objects, watching } from "./cluster.ts";
import { claimsOf, ISSUER, Realm, signed, signingKey } from "./identity.ts";
import { FakeKeycloak } from "./keycloak.ts";

export const SECRET = "of-the-hub-of-the-hub-of-the-hub-1";
export const ORIGIN = "https://console.library.test";
export const PUBLIC_URL = "https://library.test";
export const FIRST_TOKEN = "of-the-first-administrator-0123456789";

const amounts = (cpu: string) => ({ cpu, memory: "64Gi", gpu: 2 });
const group = (name: string, cpu: string, own: object = {}) => ({
  metadata: { name, uid: `group-${name}`, resourceVersion: "1" },
  spec: {
    displayName: `${name} people`,
    quota: amounts(cpu),
    memberQuota: amounts("4"),
    volume: { size: "10Gi" },
    culling: { idleSeconds: 3600 },
    ...own,
  },
});
const named = (name: string, spec: object, namespace?: string) => ({
  metadata: { name, uid: name, resourceVersion: "1", ...(namespace ? { namespace } : {}) },
  spec,
});
const pod = (name: string, owner: string, user: string, cpu: string) => ({
  metadata: {
    ...{ name, uid: name, namespace: "work", resourceVersion: "1" },
    labels: { "carrel.dev/group": owner, "carrel.dev/user": user },
  },
  spec: { containers: [{ name: "notebook", resources: { limits: { cpu, memory: "1Gi" } } }] },
  status: { phase: "Running" },
});

/** Two groups that must know nothing of each other: whatever is one's has its name in it. */
export const objects: Objects = {
  groups: [group("physics", "7777m"), group("chemistry", "8888m")],
  instancetypes: ["physics", "chemistry"].map((name) =>
    named(`${name}-type`, {
      cpu: "1",
      memory: "2Gi",
      resources: { "nvidia.com/gpu": 1 },
      nodeSelector: { room: name },
      tolerations: [{ key: name, operator: "Exists" }],
    }),
  ),
  images: ["physics", "chemistry"].map((name) =>
    named(`${name}-image`, {
      reference: `registry.test/${name}@sha256:1`,
      variants: [{ architecture: "arm64", reference: `registry.test/${name}-arm@sha256:2` }],
      pullSecret: `${name}-pull`,
    }),
  ),
  volumes: ["physics", "chemistry"].flatMap((name) => [
    named(`${name}-data`, { kind: "pvc", size: "1Gi", mountPath: `/datasets/${name}` }, "work"),
    named(`${name}-keys`, { kind: "env", env: { KEY: `${name}-token` } }, "work"),
  ]),
  pods: [pod("a", "physics", "ada", "1500m"), pod("b", "physics", "grace", "500m"), pod("c", "chemistry", "eve", "1")],
};

const rolesOf = (name: string) => [`it:${name}-type`, `img:${name}-image`, `ds:rw:${name}-data`, `ds:${name}-keys`];
export const keycloak = (): FakeKeycloak =>
  new FakeKeycloak(
    {
      ada: { firstName: "Ada", lastName: "L.", email: "ada@physics.test", groups: ["everyone", "physics"] },
      grace: { email: "grace@physics.test", groups: ["everyone", "physics"] },
      eve: { email: "eve@chemistry.test", groups: ["everyone", "chemistry"] },
      root: { roles: ["carrel-admin"], groups: ["everyone"] },
    },
    {
      everyone: {},
      physics: { roles: rolesOf("physics"), admins: ["Grace"] },
      chemistry: { roles: rolesOf("chemistry"), admins: ["marie"] },
    },
  );

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: {
    data?: Record<string, unknown> | null;
    errors?: { message: string; extensions?: { code?: string } }[];
  };
}

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Library {
  readonly keycloak: FakeKeycloak;
  readonly realm: Realm;
  readonly metrics: ApiMetrics;
  readonly lines: string[];
  readonly tokenOf: (user: string, own?: object) => Promise<string>;
  readonly send: (listener: "public" | "internal", request: Sent) => Promise<Answer>;
  /** @param bearer token or secret; nothing for nobody */
  readonly ask: (listener: "public" | "internal", bearer: string | undefined, query: string) => Promise<Answer>;
  readonly close: () => Promise<void>;
}

export interface LibraryOptions {
  readonly clock?: Clock;
  readonly limits?: QueryLimits;
  readonly listener?: Partial<ListenerOptions>;
  readonly timeoutMs?: number;
  /** Whether the secrets of welcome pages are there. @default true */
  readonly welcome?: boolean;
}

/** A folder with the secrets that Pulumi would mount. */
export function welcomeDir(hasSecrets = true): string {
  const folder = mkdtempSync(join(tmpdir(), "carrel-welcome-"));
  if (!hasSecrets) return folder;
  writeFileSync(join(folder, "first-admin-hash"), `${createHash("sha256").update(FIRST_TOKEN).digest("hex")}\n`);
  writeFileSync(join(folder, "invitation-key"), "5e".repeat(32));
  return folder;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

function exchange(
  port: number,
  { method = "POST", path = "/graphql", headers = {}, body = "" }: Sent,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: "127.0.0.1", port, method, path, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      const { statusCode: status = 0, headers: got } = response;
      response.on("end", () => {
        const isJson = got["content-type"]?.includes("json") === true;
        resolve({ status, headers: got, text, body: isJson ? (JSON.parse(text) as Answer["body"]) : {} });
      });
    });
    sent.on("error", reject).end(body);
  });
}

type Shared = Omit<Parameters<typeof apiServer>[0], "name" | "recognise" | "origin">;

interface Trust {
  readonly realmUrl: string;
  readonly directory: KeycloakDirectory;
  readonly clock: Clock;
}

/** The port of people and the one of servers. */
function serversOf({ realmUrl, directory, clock }: Trust, shared: Shared) {
  const { keyFor } = new SigningKeys({ url: realmUrl, fetch, clock });
  const verifier = new TokenVerifier({ issuer: ISSUER, audiences: ["carrel-api"], keyFor, clock });
  const recognise = recogniseServers(secretMatcher(() => SECRET));
  return {
    public: apiServer({ ...shared, name: "public", recognise: recognisePeople(verifier, directory), origin: ORIGIN }),
    internal: apiServer({ ...shared, name: "internal", recognise, origin: undefined, welcome: undefined }),
  };
}

/** Everything behind the ports, over the cluster and the Keycloak of two groups. */
function assemble(
  { state, source, folder }: { state: ClusterState; source: FakeKeycloak; folder: string },
  { clock, limits, timeoutMs, log }: Required<Pick<LibraryOptions, "clock" | "limits" | "timeoutMs">> & { log: Logger },
) {
  const membership = new Membership({ client: source, clock, maxAgeMs: 0 });
  const directory = new KeycloakDirectory({ client: source, membership, log });
  const accelerators = new Accelerators();
  const culling = { idleSeconds: null, maxAgeSeconds: 86_400 };
  const facts = { policy: state.policy.bind(state), catalogue: state, usage: state.usage, accelerators, culling };
  const displayName = (group: string): string => state.policy(group)?.displayName ?? group;
  const setup = { welcomeDir: folder, publicUrl: PUBLIC_URL, client: source, directory, displayName, clock, log };
  const parts = setUpWelcome(setup);
  const context = { directory, platform: state, facts, invitations: parts?.invitations };
  const graphql = graphqlHandler({ schema: apiSchema(), context, limits, maxBodyBytes: 65_536, timeoutMs, log });
  return { directory, graphql, welcome: parts?.welcome };
}

const closed = (server: Server): Promise<unknown> => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
};

/** The whole service with its two ports, over a cluster and a Keycloak that hold two groups. */
export async function library(options: LibraryOptions = {}): Promise<Library> {
  const { clock = systemClock, limits = standardLimits, timeoutMs = 5_000 } = options;
  const key = await signingKey("first");
  const [realm, { state, stop }] = await Promise.all([Realm.of(key), watching(objects)]);
  const lines: string[] = [];
  const log = createLogger({ write: (line) => lines.push(line), level: "debug" });
  const metrics = new ApiMetrics();
  const source = keycloak();
  const folder = welcomeDir(options.welcome);
  const { directory, ...handling } = assemble({ state, source, folder }, { clock, limits, timeoutMs, log });
  const shared = { ...handling, problem: () => undefined, maxCalls: 64, metrics, clock, log, ...options.listener };
  const servers = serversOf({ realmUrl: realm.url, directory, clock }, shared);
  const both = Object.values(servers);
  await Promise.all(both.map((server) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))));
  const send: Library["send"] = (listener, sent) => exchange(portOf(servers[listener]), sent);
  return {
    ...{ keycloak: source, realm, metrics, lines, send },
    tokenOf: (user, own = {}) => signed({ ...claimsOf(user, Math.floor(clock.now() / 1000)), ...own }, key),
    ask: (listener, bearer, query) => {
      const headers: Record<string, string> = { "content-type": "application/json" };
      if (bearer !== undefined) headers["authorization"] = `Bearer ${bearer}`;
      return send(listener, { headers, body: JSON.stringify({ query }) });
    },
    close: async () => {
      rmSync(folder, { recursive: true, force: true });
      await Promise.all([...both.map(closed), stop(), realm.close()]);
    },
  };
}
