import type { Server } from "node:http";
import { systemClock } from "../lib/clock.ts";
import { compileMirror } from "../lib/image-mirror/rewrite.ts";
import { KubeClient } from "../lib/kube/client.ts";
import { kubeConfigInCluster } from "../lib/kube/in-cluster.ts";
import { createLogger, type Logger, reasonOf } from "../lib/log.ts";
import { Certificates, type KeyPair } from "./certificates.ts";
import { guardWebhook } from "./guard-webhook.ts";
import { imageMirrorWebhook } from "./image-mirror-webhook.ts";
import { AdmissionMetrics } from "./metrics.ts";
import { PodDefaultStore } from "./pod-default-store.ts";
import { podDefaultsWebhook } from "./pod-defaults-webhook.ts";
import { QuotaWebhook } from "./quota-webhook.ts";
import { healthServer, type Webhook, webhookServer } from "./server.ts";
import { readSettings, type Settings } from "./settings.ts";
import { State } from "./state.ts";

/** Endpoints of the Service take this long to forget a pod that is going; new requests still come meanwhile. */
const DRAIN_MS = 8_000;

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, resolve);
  });

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });

interface Running {
  readonly webhooks: Server;
  readonly health: Server;
  /** From now on no new request should come. */
  readonly drain: () => void;
  readonly stop: () => Promise<void>;
}

/** What answers at each path. */
function webhooksOf(settings: Settings, state: State, podDefaults: PodDefaultStore): Readonly<Record<string, Webhook>> {
  const { bypass, accelerators, imageMirror, untouchedContainers } = settings;
  const problem = (): string | undefined => state.problem();
  const quota = new QuotaWebhook({
    problem,
    policy: (group) => state.policy(group),
    ledgerOf: (group) => state.ledgerOf(group),
    bypass,
    accelerators,
  });
  return {
    "/quota": (review, deadlineMs) => quota.review(review, deadlineMs),
    "/guard": guardWebhook(problem),
    "/image-mirror": imageMirrorWebhook(compileMirror(imageMirror)),
    "/pod-defaults": podDefaultsWebhook({
      podDefaultsIn: (namespace) => podDefaults.in(namespace),
      settings: { untouchedContainers },
    }),
  };
}

/** Puts the parts together; nothing listens yet. */
function assemble(settings: Settings, log: Logger): Running {
  const stop = new AbortController();
  const metrics = new AdmissionMetrics();
  const client = new KubeClient(kubeConfigInCluster(), { userAgent: "carrel-admission" });
  const state = new State({
    client,
    namespace: settings.namespace,
    accelerators: settings.accelerators,
    clock: systemClock,
    random: Math.random,
    log,
    onWrite: (result) => metrics.ledgerWrites.add({ result }),
  });
  const podDefaults = new PodDefaultStore({ client, clock: systemClock, random: Math.random, log });
  const certificates = new Certificates(settings.tlsDir);
  const webhooks = webhookServer(
    { webhooks: webhooksOf(settings, state, podDefaults), metrics, clock: systemClock, log },
    certificates.current,
  );
  const draining = new AbortController();
  const notReady = (): string | undefined => (draining.signal.aborted ? "draining" : state.problem());
  const health = healthServer({ metrics: () => metrics.render(state, certificates), notReady });
  const reload = (pair: KeyPair): void => webhooks.setSecureContext({ ...pair, minVersion: "TLSv1.3" });
  const watching = [
    state.run(stop.signal),
    podDefaults.watch.run(stop.signal),
    certificates.watch(reload, systemClock, log, stop.signal),
  ];
  return {
    webhooks,
    health,
    drain: () => draining.abort(),
    stop: async () => {
      stop.abort();
      await Promise.all(watching);
      client.close();
    },
  };
}

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const log = createLogger({ level: settings.logLevel });
  const { webhooks, health, drain, stop } = assemble(settings, log);
  await Promise.all([listen(webhooks, settings.port), listen(health, settings.metricsPort)]);
  log.info("started", { port: settings.port, metricsPort: settings.metricsPort });
  await new Promise((resolve) => process.once("SIGTERM", resolve).once("SIGINT", resolve));
  drain();
  log.info("draining");
  await systemClock.sleep(DRAIN_MS);
  await close(webhooks);
  await stop();
  await close(health);
  log.info("stopped");
}

main().catch((error: unknown) => {
  createLogger().error("failed", { reason: reasonOf(error) });
  process.exitCode = 1;
});
