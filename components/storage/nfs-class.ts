import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";

export interface NfsClassArgs {
  readonly className: string;
  /** As the nodes' resolver, or the cluster's, knows it. */
  readonly server: pulumi.Input<string>;
  /** What it exports. */
  readonly path: string;
}

/** Name of csi-driver-nfs, as StorageClasses and the kubelet call it. */
export const NFS_DRIVER = "nfs.csi.k8s.io";

/** What the driver puts in for a volume. */
const field = (path: string): string => `\${${path}}`;

/** A StorageClass whose volumes are folders of one NFS export, named after their claims. */
export class NfsClass extends Part {
  readonly className: pulumi.Output<string>;

  constructor(name: string, { className, server, path }: NfsClassArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:storage:NfsClass", name, opts);
    const created = new k8s.storage.v1.StorageClass(
      this.child("class"),
      {
        metadata: { name: className, labels: commonLabels("storage") },
        provisioner: NFS_DRIVER,
        parameters: {
          server,
          share: path,
          subDir: `${field("pvc.metadata.namespace")}/${field("pvc.metadata.name")}-${field("pv.metadata.name")}`,
          onDelete: "retain",
        },
        // Homes outlive whoever deletes a claim, a namespace or the platform.
        reclaimPolicy: "Retain",
        volumeBindingMode: "Immediate",
        // Only the number grows: an export knows no sizes.
        allowVolumeExpansion: true,
        // A server that is away makes programs wait, and loses nothing. 600 tenths of a second, as nfs(5) has it for TCP.
        mountOptions: ["nfsvers=4.1", "hard", "timeo=600", "retrans=2", "noatime"],
      },
      this.inside,
    );
    this.className = created.metadata.name;
    this.registerOutputs({ className: this.className });
  }
}
