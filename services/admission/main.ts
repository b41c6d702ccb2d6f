import type { Server } from "node:http";
import { systemClock } from "../lib/clock.ts";
import { KubeClient } from "../lib/kube/client.ts";
import { kubeConfigInCluster } from "../lib/kube/in-cluster.ts";
import { createLogger, type Logger, reasonOf } from "../lib/log.ts";
import { Certificates, type KeyPair } from "./certificates.ts";
import { AdmissionMetrics } from "./metrics.ts";
import { QuotaWebhook } from "./quota-webhook.ts";
import type { ReviewRequest } from "./review.ts";
import { healthServer, webhookServer } from "./server.ts";
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

/** Puts the parts together; nothing listens yet. */
function assemble(settings: Settings, log: Logger): Running {
  const stop = new AbortController();
  const metrics = new AdmissionMetrics();
  const client = new KubeClient(kubeConfigInCluster(), { userAgent: "carrel-admission" });
  const state = new State({
    client,
    namespace: settings.namespace,
    clock: systemClock,
    random: Math.random,
    log,
    onWrite: (result) => metrics.ledgerWrites.add({ result }),
  });
  const quota = new QuotaWebhook({
    problem: () => state.problem(),
    policy: (group) => state.policy(group),
    ledgerOf: (group) => state.ledgerOf(group),
    bypass: settings.bypass,
  });
  const certificates = new Certificates(settings.tlsDir);
  const paths = { "/quota": (review: ReviewRequest, deadlineMs: number) => quota.review(review, deadlineMs) };
  const webhooks = webhookServer({ webhooks: paths, metrics, clock: systemClock, log }, certificates.current);
  const draining = new AbortController();
  const notReady = (): string | undefined => (draining.signal.aborted ? "draining" : state.problem());
  const health = healthServer({ metrics: () => metrics.render(state, certificates), notReady });
  const reload = (pair: KeyPair): void => webhooks.setSecureContext({ ...pair, minVersion: "TLSv1.3" });
  const watching = [state.run(stop.signal), certificates.watch(reload, systemClock, log, stop.signal)];
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
