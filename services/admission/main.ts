import type { Server } from "node:http";
import { systemClock } from "../lib/clock.ts";
import { KubeClient } from "../lib/kube/client.ts";
import { kubeConfigInCluster } from "../lib/kube/in-cluster.ts";
import { createLogger, reasonOf } from "../lib/log.ts";
import { Certificates } from "./certificates.ts";
import { AdmissionMetrics } from "./metrics.ts";
import { QuotaWebhook } from "./quota-webhook.ts";
import { healthServer, webhookServer } from "./server.ts";
import { readSettings } from "./settings.ts";
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

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const log = createLogger({ level: settings.logLevel });
  const stop = new AbortController();
  const metrics = new AdmissionMetrics();
  const client = new KubeClient(kubeConfigInCluster(), { userAgent: "carrel-admission" });
  const onWrite = (result: string): void => metrics.ledgerWrites.add({ result });
  const state = new State({
    client,
    namespace: settings.namespace,
    clock: systemClock,
    random: Math.random,
    log,
    onWrite,
  });
  const quota = new QuotaWebhook({
    problem: () => state.problem(),
    policy: (group) => state.policy(group),
    ledgerOf: (group) => state.ledgerOf(group),
    bypass: settings.bypass,
  });
  const certificates = new Certificates(settings.tlsDir);
  const webhooks = webhookServer(
    { webhooks: { "/quota": (review, deadline) => quota.review(review, deadline) }, metrics, clock: systemClock, log },
    certificates.current,
  );
  let draining = false;
  const health = healthServer({
    metrics: () => metrics.render(state, certificates),
    notReady: () => (draining ? "draining" : state.problem()),
  });
  const watching = Promise.all([
    state.run(stop.signal),
    certificates.watch(
      (pair) => webhooks.setSecureContext({ ...pair, minVersion: "TLSv1.3" }),
      systemClock,
      log,
      stop.signal,
    ),
  ]);
  await Promise.all([listen(webhooks, settings.port), listen(health, settings.metricsPort)]);
  log.info("started", { port: settings.port, metricsPort: settings.metricsPort });
  await new Promise((resolve) => process.once("SIGTERM", resolve).once("SIGINT", resolve));
  draining = true;
  log.info("draining");
  await systemClock.sleep(DRAIN_MS);
  await close(webhooks);
  stop.abort();
  await watching;
  await close(health);
  client.close();
  log.info("stopped");
}

main().catch((error: unknown) => {
  createLogger().error("failed", { reason: reasonOf(error) });
  process.exitCode = 1;
});
