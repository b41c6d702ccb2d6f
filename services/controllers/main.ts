import { once } from "node:events";
import { hostname } from "node:os";
import { systemClock } from "../lib/clock.ts";
import { WorkQueue } from "../lib/controller/work-queue.ts";
import { healthServer } from "../lib/health-server.ts";
import { KubeClient } from "../lib/kube/client.ts";
import { kubeConfigInCluster } from "../lib/kube/in-cluster.ts";
import { createLogger, type Logger, reasonOf } from "../lib/log.ts";
import { BindingController } from "./bindings/controller.ts";
import { ClaimController } from "./claims/controller.ts";
import { EventWriter } from "./events.ts";
import { GroupController } from "./group/controller.ts";
import { ControllerMetrics } from "./metrics.ts";
import { PullController } from "./puller/controller.ts";
import { Access } from "./realm/access.ts";
import { RealmStatus } from "./realm/realm-status.ts";
import { RealmReconciler } from "./realm/reconciler.ts";
import { readClientSecrets, readDeclared, readSecret, readSettings, type Settings } from "./settings.ts";

const REALM = "realm";

/** The way into the realm; with the bootstrap account where its files are mounted. */
function accessOf(settings: Settings, log: Logger): Access {
  const { keycloakUrl, realm, bootstrapDir } = settings;
  const clientId = readSecret(bootstrapDir, "client-id");
  const secret = (): string => readSecret(bootstrapDir, "client-secret") ?? "";
  return new Access({
    url: keycloakUrl,
    realm,
    ownSecret: () => readClientSecrets(settings)["carrel-controllers"],
    ...(clientId === undefined ? {} : { bootstrap: { clientId, secret } }),
    clock: systemClock,
    log,
  });
}

/** Puts the controllers together; nothing runs yet. */
function assemble(settings: Settings, log: Logger) {
  const { namespace, workNamespace } = settings;
  const kube = new KubeClient(kubeConfigInCluster(), { userAgent: "carrel-controllers" });
  const metrics = new ControllerMetrics();
  const shared = { metrics, clock: systemClock, log };
  const access = accessOf(settings, log);
  const events = new EventWriter({ client: kube, clock: systemClock, log, instance: hostname() });
  const status = new RealmStatus({ client: kube, clock: systemClock, events, namespace });
  const reconciler = new RealmReconciler({ ...shared, access, status, read: () => readDeclared(settings) });
  const realm = new WorkQueue({
    clock: systemClock,
    work: () => reconciler.reconcile(),
    onFailure: ({ error, delayMs }) => {
      metrics.failures.add({ queue: REALM });
      log.warn("realm-waiting", { reason: reasonOf(error), delayMs });
    },
  });
  const keycloak = () => reconciler.client;
  const groups = new GroupController({ ...shared, kube, keycloak });
  const bindings = new BindingController({ ...shared, kube, keycloak, status, workNamespace });
  const claims = new ClaimController({ ...shared, kube, events, workNamespace, defaults: settings.claims });
  const { puller, imageMirror: mirror } = settings;
  const pulls = puller ? [new PullController({ ...shared, kube, settings: puller, mirror })] : [];
  const queues = [
    [REALM, realm],
    ["groups", groups.queue],
    ["bindings", bindings.queue],
    ["claims", claims.queue],
    ...pulls.map(({ queue }) => ["pulls", queue] as const),
  ] as const;
  return {
    metrics: () => metrics.render({ queues, isBootstrapGone: access.isBootstrapGone, claims: claims.counts }),
    notReady: () => (reconciler.client === undefined ? "the realm is not ready yet" : undefined),
    run: async (signal: AbortSignal) => {
      realm.add(REALM);
      await Promise.all([realm, groups, bindings, claims, ...pulls].map((part) => part.run(signal)));
      kube.close();
    },
  };
}

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const log = createLogger({ level: settings.logLevel });
  const controllers = assemble(settings, log);
  const health = healthServer(controllers).listen(settings.metricsPort);
  await once(health, "listening");
  const stop = new AbortController();
  process.once("SIGTERM", () => stop.abort()).once("SIGINT", () => stop.abort());
  log.info("started", { metricsPort: settings.metricsPort });
  await controllers.run(stop.signal);
  health.close();
  health.closeAllConnections();
  log.info("stopped");
}

main().catch((error: unknown) => {
  createLogger().error("failed", { reason: reasonOf(error) });
  process.exitCode = 1;
});
