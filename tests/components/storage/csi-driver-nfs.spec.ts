import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { CsiDriverNfs } from "../../../components/storage/csi-driver-nfs.ts";
import { controllerPod, nodePod } from "../../../components/storage/csi-pods.ts";
import { outline, recordParts, resourceOf } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const images = { plugin: "p@1", provisioner: "q@1", resizer: "r@1", registrar: "s@1", livenessProbe: "t@1" };
const build = () =>
  recordParts((opts) => {
    const accounts = { controller: pulumi.output("maker"), node: pulumi.output("mounter") };
    const namespace = pulumi.output("library-storage");
    return new CsiDriverNfs("driver", { namespace, images, accounts, kubeletDir: "/kubelet" }, opts);
  });

function workload(name: string, spec: object, pod: object) {
  const matchLabels = { "app.kubernetes.io/part-of": "carrel", "app.kubernetes.io/name": name };
  const own = { ...labels("storage"), ...matchLabels };
  return {
    metadata: { name, namespace: "library-storage", labels: own },
    spec: { ...spec, selector: { matchLabels }, template: { metadata: { labels: own }, spec: pod } },
  };
}

describe("CsiDriverNfs", () => {
  it("is the driver as the cluster knows it, its controller and its pods on the nodes", async () => {
    const { resources, outputs } = await build();
    assert.deepEqual(outline(resources), [
      " > carrel:storage:CsiDriverNfs driver",
      "driver > kubernetes:apps/v1:DaemonSet driver-node",
      "driver > kubernetes:apps/v1:Deployment driver-controller",
      "driver > kubernetes:storage.k8s.io/v1:CSIDriver driver-driver",
    ]);
    assert.deepEqual(outputs, { driver: {} });
    assert.deepEqual(resourceOf(resources, "driver-driver").inputs, {
      apiVersion: "storage.k8s.io/v1",
      kind: "CSIDriver",
      metadata: { name: "nfs.csi.k8s.io", labels: labels("storage") },
      spec: { attachRequired: false, volumeLifecycleModes: ["Persistent"], fsGroupPolicy: "File" },
    });
  });

  it("runs each side under its own account, one pod on a node at a time", async () => {
    const { resources } = await build();
    const pod = { images, kubeletDir: "/kubelet" };
    assert.deepEqual(resourceOf(resources, "driver-controller").inputs, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      ...workload(
        "csi-nfs-controller",
        { replicas: 1, strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } },
        controllerPod({ ...pod, serviceAccount: "maker" }),
      ),
    });
    assert.deepEqual(resourceOf(resources, "driver-node").inputs, {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      ...workload(
        "csi-nfs-node",
        { updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } } },
        nodePod({ ...pod, serviceAccount: "mounter" }),
      ),
    });
  });
});
