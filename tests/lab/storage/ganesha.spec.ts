import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { NfsGanesha } from "../../../components/storage/nfs-ganesha.ts";
import { buildStandIns, obstacle } from "../../../lab/stand-ins/build.ts";
import { nfsStandIn } from "../../../lab/stand-ins/nfs-image.ts";
import { pushStandIns } from "../../../lab/stand-ins/push.ts";
import type { KubeClient, KubeObject, ResourceRef } from "../../../services/lib/kube/client.ts";
import { eventually } from "../../support/eventually.ts";
import { labUnderTest } from "../../support/lab.ts";
import { recordParts } from "../../support/mocks.ts";
import { pods } from "../../support/pods.ts";

const core = (kind: string, plural: string, namespaced = true): ResourceRef => ({
  apiVersion: "v1",
  kind,
  plural,
  namespaced,
});
const namespaces = core("Namespace", "namespaces", false);
const claims = core("PersistentVolumeClaim", "persistentvolumeclaims");
const volumes = core("PersistentVolume", "persistentvolumes", false);
const policies: ResourceRef = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  plural: "networkpolicies",
  namespaced: true,
};

interface Pod extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}
interface Claim extends KubeObject {
  readonly spec: { readonly volumeName?: string };
}

const namespace = `t-${randomBytes(3).toString("hex")}-nfs`;
/** What a pod may take to start or to end beside much else. */
const SLOW_MS = 150_000;
/** The server's Service, as a StorageClass names it; libnfs speaks NFS 4 by this. */
const url = (file: string): string => `'nfs://nfs.${namespace}.svc//${file}?version=4'`;

/** The component's objects as the API server takes them. */
async function objectsOf(image: string, clients: readonly string[]): Promise<KubeObject[]> {
  const args = { namespace, image, priorityClass: "system-cluster-critical", size: "1Gi", clients };
  const { resources } = await recordParts((opts) => new NfsGanesha("server", args, opts));
  return resources
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ name, inputs }) => {
      const object = inputs as unknown as KubeObject;
      // As the engine names what has no name.
      return { ...object, metadata: { ...object.metadata, name: object.metadata.name ?? `${name}-generated` } };
    });
}

// The lab's kernel mounts no NFS; libnfs is a client without it.
describe("NFS server in the cluster", function () {
  this.timeout(600_000);
  let api: KubeClient;
  let image: string;
  let attempts = 0;

  before(async function () {
    const { client, endpoints } = await labUnderTest();
    if (endpoints.variant !== "built" || obstacle() !== undefined) this.skip();
    this.timeout(1_500_000);
    api = client;
    const built = await buildStandIns(() => undefined, [nfsStandIn]);
    image = (await pushStandIns(built, endpoints.registry, () => undefined)).nfsGanesha ?? "";
    const labels = { "pod-security.kubernetes.io/enforce": "privileged" };
    const metadata = { name: namespace, labels };
    await api.create(namespaces, undefined, { apiVersion: "v1", kind: "Namespace", metadata });
    for (const object of await objectsOf(image, endpoints.controlPlaneCidrs)) {
      const ref = await api.resourceFor(object.apiVersion ?? "", object.kind ?? "");
      await api.create(ref, namespace, object as unknown as Record<string, unknown>);
    }
    await ready();
  });
  after(async () => {
    if (image === undefined) return;
    const claim = await api.get<Claim>(claims, namespace, "data-nfs-0").catch(() => undefined);
    await api.delete(namespaces, undefined, namespace);
    const volume = claim?.spec.volumeName;
    if (volume !== undefined) await api.delete(volumes, undefined, volume);
  });

  const ready = (except = ""): Promise<string> =>
    eventually(
      "the server is ready",
      async () => {
        const { metadata, status } = await api.get<Pod>(pods, namespace, "nfs-0");
        const isReady = status?.conditions?.some((each) => each.type === "Ready" && each.status === "True");
        return isReady && metadata.uid !== except ? metadata.uid : undefined;
      },
      SLOW_MS,
    );

  /** Runs a script with libnfs to its end, and answers what it printed. On the node's network it is what the kubelet is. */
  async function output(name: string, hostNetwork: boolean, script: string): Promise<string> {
    const dnsPolicy = hostNetwork ? "ClusterFirstWithHostNet" : "ClusterFirst";
    const container = { name: "main", image, command: ["bash", "-uc", script] };
    const spec = { hostNetwork, dnsPolicy, restartPolicy: "Never", automountServiceAccountToken: false };
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { ...spec, containers: [container] } };
    await api.create(pods, namespace, pod);
    await eventually(
      `pod ${name} ends`,
      async () => {
        const { status } = await api.get<Pod>(pods, namespace, name);
        return status?.phase === "Succeeded" || status?.phase === "Failed" ? true : undefined;
      },
      SLOW_MS,
    );
    return String(await api.request("GET", `/api/v1/namespaces/${namespace}/pods/${name}/log`));
  }

  it("is written and read by the node, as the user that asks", async () => {
    const script = `
      printf 'from a node' >/tmp/notes
      nfs-cp /tmp/notes ${url("notes")} && nfs-cat ${url("notes")} && echo && nfs-ls ${url("")} | tr -s ' '
    `;
    assert.equal(await output("writer", true, script), "copied 11 bytes\nfrom a node\n-rw-rw---- 1 0 0 11 notes\n");
  });

  it("is out of reach for pods, whatever user they say that they are", async () => {
    assert.equal(await output("stranger", false, `timeout 5 nfs-ls ${url("")}; echo $?`), "124\n");
  });

  it("keeps what it has when its pod is replaced, once clients had their time to come back", async () => {
    const before = await ready();
    await api.delete(pods, namespace, "nfs-0");
    await ready(before);
    const script = `until nfs-cat ${url("notes")} 2>/dev/null; do sleep 1; done`;
    assert.equal(await output("reader", true, script), "from a node");
  });

  it("refuses them itself on a network that enforces no policy", async () => {
    await api.delete(policies, namespace, "nfs");
    const refused = await eventually(
      "the server answers",
      async () => {
        const said = await output(`stranger-${attempts++}`, false, `timeout 5 nfs-ls ${url("")} 2>&1`);
        return said === "" ? undefined : said;
      },
      SLOW_MS,
    );
    assert.match(refused, /NFS4ERR_ACCESS/);
  });
});
