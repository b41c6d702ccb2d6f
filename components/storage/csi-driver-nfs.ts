import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels, selectorLabels } from "../core/labels.ts";
import { type CsiImages, controllerPod, nodePod } from "./csi-pods.ts";
import { NFS_DRIVER } from "./nfs-class.ts";

export interface CsiDriverNfsArgs {
  readonly namespace: pulumi.Input<string>;
  readonly images: CsiImages;
  readonly accounts: { readonly controller: pulumi.Input<string>; readonly node: pulumi.Input<string> };
  /** Of the kubelet, on every node. */
  readonly kubeletDir: string;
}

const [CONTROLLER, NODE] = ["csi-nfs-controller", "csi-nfs-node"];

/** csi-driver-nfs 4.13: what makes and mounts NFS volumes. A cluster has one. */
export class CsiDriverNfs extends Part {
  constructor(name: string, args: CsiDriverNfsArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:storage:CsiDriverNfs", name, opts);
    const { images, kubeletDir } = args;
    new k8s.storage.v1.CSIDriver(
      this.child("driver"),
      {
        metadata: { name: NFS_DRIVER, labels: commonLabels("storage") },
        // Nothing is attached; the kubelet gives a volume to its pods' fsGroup.
        spec: { attachRequired: false, volumeLifecycleModes: ["Persistent"], fsGroupPolicy: "File" },
      },
      this.inside,
    );
    const pod = { images, kubeletDir };
    new k8s.apps.v1.Deployment(
      this.child("controller"),
      this.#workload(args, CONTROLLER, controllerPod({ ...pod, serviceAccount: args.accounts.controller }), {
        replicas: 1,
        // Two of them on one node want the same port of it.
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      }),
      this.inside,
    );
    new k8s.apps.v1.DaemonSet(
      this.child("node"),
      this.#workload(args, NODE, nodePod({ ...pod, serviceAccount: args.accounts.node }), {
        updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
      }),
      this.inside,
    );
    this.registerOutputs({});
  }

  #workload<T extends object>(
    { namespace }: CsiDriverNfsArgs,
    workload: string,
    spec: k8s.types.input.core.v1.PodSpec,
    rest: T,
  ) {
    const selector = selectorLabels(workload);
    const labels = { ...commonLabels("storage"), ...selector };
    const template = { metadata: { labels }, spec };
    return {
      metadata: { name: workload, namespace, labels },
      spec: { ...rest, selector: { matchLabels: selector }, template },
    };
  }
}
