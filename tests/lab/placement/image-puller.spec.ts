import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { ManagedNamespace } from "../../../components/foundation/managed-namespace.ts";
import { Priorities } from "../../../components/foundation/priorities.ts";
import { ImagePuller } from "../../../components/hub/image-puller.ts";
import { ControllerMetrics } from "../../../services/controllers/metrics.ts";
import { PullController } from "../../../services/controllers/puller/controller.ts";
import { systemClock } from "../../../services/lib/clock.ts";
import { KubeClient, type KubeObject, type ResourceRef } from "../../../services/lib/kube/client.ts";
import { kubeConfigFromFile } from "../../../services/lib/kube/config.ts";
import { isNotFound } from "../../../services/lib/kube/errors.ts";
import { createLogger } from "../../../services/lib/log.ts";
import { eventually } from "../../support/eventually.ts";
import { labUnderTest } from "../../support/lab.ts";
import { recordParts } from "../../support/mocks.ts";
import { imageWithShell, kubernetesStandInReferences } from "./support.ts";

const daemonSets: ResourceRef = { apiVersion: "apps/v1", kind: "DaemonSet", plural: "daemonsets", namespaced: true };
const images: ResourceRef = { apiVersion: "carrel.dev/v1", kind: "Image", plural: "images", namespaced: false };
type DaemonSet = KubeObject & {
  readonly status?: { readonly numberReady?: number; readonly desiredNumberScheduled?: number };
};

/** What a pull may take beside much else. */
const SLOW_MS = 150_000;

describe("the image puller in a cluster", function () {
  this.timeout(400_000);
  const prefix = `t-${randomBytes(3).toString("hex")}`;
  const namespace = `${prefix}-hub`;
  const [good, broken] = [`${prefix}-good`, `${prefix}-broken`];
  const stop = new AbortController();
  const made: (readonly [ResourceRef, string])[] = [];
  let api: KubeClient;
  let running: Promise<void>;
  let own: KubeClient | undefined;

  const apply = async (object: Record<string, unknown>): Promise<void> => {
    const { apiVersion, kind, metadata } = object as unknown as Required<KubeObject>;
    const ref = await api.resourceFor(apiVersion, kind);
    const within = ref.namespaced ? metadata.namespace : undefined;
    await api.patch(ref, within, metadata.name, object, { type: "apply", fieldManager: "puller-spec", force: true });
    if (!ref.namespaced) made.push([ref, metadata.name]);
  };
  const image = (name: string, reference: string) =>
    apply({ apiVersion: "carrel.dev/v1", kind: "Image", metadata: { name }, spec: { reference } });
  const pullOf = (name: string): Promise<DaemonSet | undefined> =>
    api.get<DaemonSet>(daemonSets, namespace, `image-puller-${name}`).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });

  /** The rights of the controllers' account, and no others. */
  async function clientOfAccount(): Promise<KubeClient> {
    const { endpoints } = await labUnderTest();
    const rbac = "rbac.authorization.k8s.io";
    const metadata = { name: `${prefix}-images` };
    const rules = [
      { apiGroups: ["carrel.dev"], resources: ["images", "instancetypes"], verbs: ["get", "list", "watch"] },
    ];
    const subjects = [{ kind: "ServiceAccount", name: "controllers", namespace }];
    const roleRef = { apiGroup: rbac, kind: "ClusterRole", name: metadata.name };
    await apply({ apiVersion: `${rbac}/v1`, kind: "ClusterRole", metadata, rules });
    await apply({ apiVersion: `${rbac}/v1`, kind: "ClusterRoleBinding", metadata, roleRef, subjects });
    await apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "controllers", namespace } });
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/controllers/token`;
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
    const { status } = (await api.request("POST", path, { body })) as { status: { token: string } };
    const { server, ca } = kubeConfigFromFile(endpoints.kubeconfig, endpoints.context);
    return new KubeClient({ server, ...(ca === undefined ? {} : { ca }), token: status.token });
  }

  before(async function () {
    // On a machine that has never built the images.
    this.timeout(1_500_000);
    const { client, endpoints } = await labUnderTest();
    api = client;
    const { resources } = await recordParts((opts) => {
      const optIns = { quota: false, podDefaults: false, imageMirror: false };
      new ManagedNamespace("hub", { namespace, podSecurity: "restricted", optIns, dns: false }, opts);
      new Priorities("priorities", { prefix }, opts);
      new ImagePuller("puller", { namespace, controllers: { namespace, name: "controllers" } }, opts);
    });
    const objects = resources.filter(({ type }) => type.startsWith("kubernetes:"));
    const first = (type: string): number => (type.endsWith(":Namespace") ? 0 : 1);
    for (const { inputs } of objects.sort((a, b) => first(a.type) - first(b.type))) await apply({ ...inputs });
    const kube = await clientOfAccount();
    own = kube;
    const { pause = "registry.k8s.io/pause:3.10.2" } = await kubernetesStandInReferences();
    const controller = new PullController({
      ...{ kube, metrics: new ControllerMetrics(), clock: systemClock },
      log: createLogger({ write: () => {} }),
      settings: { namespace, pauseImage: pause, priorityClass: `${prefix}-placeholder` },
      mirror: { rules: [], exempt: [], onMissing: "keep" },
    });
    running = controller.run(stop.signal);
    running.catch(() => {});
    await image(broken, `${endpoints.registry.host}/nobody/has-this:1`);
    await image(good, await imageWithShell());
  });
  after(async () => {
    stop.abort();
    const [ended] = await Promise.allSettled([running]);
    own?.close();
    for (const [ref, name] of made.reverse()) {
      await api.delete(ref, undefined, name).catch((error: unknown) => assert.ok(isNotFound(error), String(error)));
    }
    assert.equal(ended.status, "fulfilled", String(ended.status === "rejected" && ended.reason));
  });

  it("pulls an image to every node beside one that cannot be pulled, with the controllers' rights", async () => {
    const ready = await eventually(
      "the image is on every node",
      async () => {
        const status = (await pullOf(good))?.status;
        return status?.numberReady && status.numberReady === status.desiredNumberScheduled ? status : undefined;
      },
      SLOW_MS,
    );
    assert.ok(ready.numberReady && ready.numberReady > 0);
    // Each has a DaemonSet of its own, whose controller tells of it in its own time.
    const waiting = await eventually("the other one is awaited on every node", async () => {
      const status = (await pullOf(broken))?.status;
      return status?.desiredNumberScheduled === ready.desiredNumberScheduled ? status : undefined;
    });
    assert.equal(waiting.numberReady, 0);
  });

  it("stops to hold an image that is no longer there", async () => {
    await api.delete(images, undefined, good);
    await eventually("its DaemonSet is gone", async () => ((await pullOf(good)) === undefined ? true : undefined));
    assert.notEqual(await pullOf(broken), undefined);
  });
});
