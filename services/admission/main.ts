import type { Server } from "node:http";
import { hostname } from "node:os";
import { systemClock } from "../lib/clock.ts";
import { healthServer } from "../lib/health-server.ts";
import { compileMirror } from "../lib/image-mirror/rewrite.ts";
import { KubeClient } from "../lib/kube/client.ts";
import { kubeConfigInCluster } from "../lib/kube/in-cluster.ts";
import { batched, createLogger, type Logger, reasonOf } from "../lib/log.ts";
import { Certificates, type TlsFiles } from "./certificates.ts";
import { DenialEvents } from "./denial-events.ts";
import { guardWebhook } from "./guard-webhook.ts";
import { CallsUnderWay } from "./http/calls.ts";
import { imageMirrorWebhook } from "./image-mirror-webhook.ts";
import { AdmissionMetrics } from "./metrics.ts";
import { reportUsability } from "./pod-default-status.ts";
import { PodDefaultStore, podDefaultRef } from "./pod-default-store.ts";
import { podDefaultsImageMirrorWebhook } from "./pod-defaults-image-mirror-webhook.ts";
import { podDefaultsWebhook } from "./pod-defaults-webhook.ts";
import { QuotaWebhook } from "./quota-webhook.ts";
import { MAX_CONNECTIONS, secureContext, type Webhook, webhookServer } from "./server.ts";
import { readSettings, type Settings } from "./settings.ts";
import { State } from "./state.ts";

/** Endpoints of the Service take this long to forget a pod that is going; new requests still come meanwhile. */
const DRAIN_MS = 8_000;

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject).listen({ port, backlog: MAX_CONNECTIONS }, resolve);
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

/** Everything that is kept by watching the cluster, and what is told to it. */
interface Knowledge {
  readonly client: KubeClient;
  readonly state: State;
  readonly podDefaults: PodDefaultStore;
  readonly events: DenialEvents;
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
  const events = new DenialEvents({
    client,
    clock: systemClock,
    log,
    instance: hostname(),
    onResult: (result, occurrences) => metrics.denialEvents.add({ result }, occurrences),
  });
  return { client, state, podDefaults, events };
}

/** What answers at each path. */
function webhooksOf(
  settings: Settings,
  { state, podDefaults, events }: Knowledge,
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
    onDenied: (request, denied) => events.record(request, denied),
    onExceeded: (group, causes) => {
      for (const { reason, field = "" } of causes) metrics.exceeded.add({ group, reason, resource: field });
    },
  });
  const rewrite = compileMirror(imageMirror);
  const defaults = podDefaultsWebhook({
    podDefaultsIn: (namespace) => podDefaults.in(namespace),
    settings: { untouchedContainers },
  });
  return {
    "/quota": (review, deadlineMs) => quota.review(review, deadlineMs),
    "/guard": guardWebhook(problem),
    "/image-mirror": imageMirrorWebhook(rewrite),
    "/pod-defaults": defaults,
    "/pod-defaults-image-mirror": podDefaultsImageMirrorWebhook({ podDefaults: defaults, rewrite }),
  };
}

/** What the health server reads. */
interface Watched extends Knowledge {
  readonly metrics: AdmissionMetrics;
  readonly certificates: Certificates;
  readonly calls: CallsUnderWay;
  readonly isDraining: () => boolean;
}

function healthOf({ state, podDefaults, metrics, certificates, calls, isDraining }: Watched): Server {
  return healthServer({
    metrics: () => {
      const watches = [...state.watches, ["poddefaults", podDefaults.watch]] as const;
      const { reservations } = state;
      return metrics.render({ watches, certificates, reservations, callsUnderWay: calls.count });
    },
    notReady: () => (isDraining() ? "draining" : state.problem()),
  });
}

/** Puts the parts together; nothing listens yet. */
function assemble(settings: Settings, log: Logger): Running {
  const stop = new AbortController();
  const draining = new AbortController();
  const metrics = new AdmissionMetrics();
  const knowledge = knowledgeOf(settings, metrics, log);
  const { client, state, podDefaults, events } = knowledge;
  const { tlsDir, clientCaFile, clientNames, maxCalls } = settings;
  const certificates = new Certificates(tlsDir, clientCaFile);
  const calls = new CallsUnderWay({ calls: maxCalls });
  const isDraining = (): boolean => draining.signal.aborted;
  const paths = webhooksOf(settings, knowledge, metrics);
  const shared = { metrics, clock: systemClock, log, isDraining, calls, clientNames };
  const webhooks = webhookServer({ ...shared, webhooks: paths, failClosed: ["/quota"] }, certificates.current);
  const reload = (files: TlsFiles): void => webhooks.setSecureContext(secureContext(files));
  const running = [
    state.run(stop.signal),
    podDefaults.watch.run(stop.signal),
    events.run(stop.signal),
    certificates.watch(reload, systemClock, log, stop.signal),
  ];
  return {
    webhooks,
    health: healthOf({ ...knowledge, metrics, certificates, calls, isDraining }),
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
  const write = batched((text) => process.stdout.write(text));
  const log = createLogger({ level: settings.logLevel, write });
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
