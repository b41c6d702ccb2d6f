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
import { reportUsability } from "./pod-default-status.ts";
import { PodDefaultStore, podDefaultRef } from "./pod-default-store.ts";
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
function webhooksOf(
  settings: Settings,
  state: State,
  podDefaults: PodDefaultStore,
  metrics: AdmissionMetrics,
): Readonly<Record<string, Webhook>> {
  const { bypass, accelerators, imageMirror, untouchedContainers } = settings;
  const problem = (): string | undefined => state.problem();
  const quota = new QuotaWebhook({
    problem,
    policy: (group) => state.policy(group),
    ledgerOf: (group) => state.ledgerOf(group),
    bypass,
    accelerators,
    onExceeded: (group, causes) => {
      for (const { reason, field = "" } of causes) metrics.exceeded.add({ group, reason, resource: field });
    },
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

/** Everything that is kept by watching the cluster. */
interface Knowledge {
  readonly client: KubeClient;
  readonly state: State;
  readonly podDefaults: PodDefaultStore;
}

function knowledgeOf(settings: Settings, metrics: AdmissionMetrics, log: Logger): Knowledge {
  const { namespace, accelerators } = settings;
  const client = new KubeClient(kubeConfigInCluster(), { userAgent: "carrel-admission" });
  const watching = { client, clock: systemClock, random: Math.random, log };
  const onWrite = (result: string): void => metrics.ledgerWrites.add({ result });
  const state = new State({ ...watching, namespace, accelerators, onWrite });
  const podDefaults = new PodDefaultStore(watching, (podDefault, usability) => {
    void reportUsability({ ...watching, ref: podDefaultRef }, podDefault, usability);
  });
  return { client, state, podDefaults };
}

/** Puts the parts together; nothing listens yet. */
function assemble(settings: Settings, log: Logger): Running {
  const stop = new AbortController();
  const draining = new AbortController();
  const metrics = new AdmissionMetrics();
  const { client, state, podDefaults } = knowledgeOf(settings, metrics, log);
  const certificates = new Certificates(settings.tlsDir);
  const isDraining = (): boolean => draining.signal.aborted;
  const webhooks = webhookServer(
    { webhooks: webhooksOf(settings, state, podDefaults, metrics), metrics, clock: systemClock, log, isDraining },
    certificates.current,
  );
  const health = healthServer({
    metrics: () => {
      const watches = [...state.watches, ["poddefaults", podDefaults.watch]] as const;
      return metrics.render({ watches, certificates, reservations: state.reservations });
    },
    notReady: () => (isDraining() ? "draining" : state.problem()),
  });
  const reload = (pair: KeyPair): void => webhooks.setSecureContext({ ...pair, minVersion: "TLSv1.3" });
  const running = [
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
      await Promise.all(running);
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
