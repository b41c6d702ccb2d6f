import assert from "node:assert/strict";
import { isOfOneNode } from "../../../services/lib/storage-class.ts";

describe("isOfOneNode", () => {
  it("knows provisioners of folders and disks of one node", () => {
    const known = [
      ...["carrel.dev/lab-local", "docker.io/hostpath", "hostpath.csi.k8s.io", "k8s.io/minikube-hostpath"],
      ...["kubernetes.io/host-path", "kubernetes.io/no-provisioner", "local.csi.openebs.io", "microk8s.io/hostpath"],
      ...["openebs.io/local", "rancher.io/local-path", "topolvm.cybozu.com", "topolvm.io", "zfs.csi.openebs.io"],
    ];
    assert.deepEqual(
      known.filter((provisioner) => !isOfOneNode(provisioner)),
      [],
    );
  });

  it("takes every other for one of a network", () => {
    const others = ["nfs.csi.k8s.io", "rook-ceph.cephfs.csi.ceph.com", "ebs.csi.aws.com", "driver.longhorn.io", ""];
    assert.deepEqual(others.filter(isOfOneNode), []);
  });
});
