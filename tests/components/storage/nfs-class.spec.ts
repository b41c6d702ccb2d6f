import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { NFS_DRIVER, NfsClass } from "../../../components/storage/nfs-class.ts";
import { recordParts } from "../../support/mocks.ts";
import { labels } from "../support.ts";

describe("NfsClass", () => {
  it("is a class of retained folders on the server, which programs wait for", async () => {
    const { resources, outputs } = await recordParts(
      (opts) =>
        new NfsClass("nfs", { className: "library-nfs", server: pulumi.output("files.test"), path: "/export" }, opts),
    );
    const [component, created, ...others] = resources;
    assert.deepEqual([component?.type, component?.name, others], ["carrel:storage:NfsClass", "nfs", []]);
    assert.deepEqual(created, {
      type: "kubernetes:storage.k8s.io/v1:StorageClass",
      name: "nfs-class",
      parent: "nfs",
      provider: "cluster",
      dependsOn: [],
      inputs: {
        apiVersion: "storage.k8s.io/v1",
        kind: "StorageClass",
        metadata: { name: "library-nfs", labels: labels("storage") },
        provisioner: "nfs.csi.k8s.io",
        parameters: {
          server: "files.test",
          share: "/export",
          subDir: ["$", "{pvc.metadata.namespace}/$", "{pvc.metadata.name}-$", "{pv.metadata.name}"].join(""),
          onDelete: "retain",
        },
        reclaimPolicy: "Retain",
        volumeBindingMode: "Immediate",
        allowVolumeExpansion: true,
        mountOptions: ["nfsvers=4.1", "hard", "timeo=600", "retrans=2", "noatime"],
      },
    });
    assert.equal(NFS_DRIVER, "nfs.csi.k8s.io");
    assert.deepEqual(outputs, { nfs: { className: "library-nfs" } });
  });
});
