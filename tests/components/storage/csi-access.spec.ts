import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { CsiAccess } from "../../../components/storage/csi-access.ts";
import { outline, recordParts, resourceOf } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const build = () =>
  recordParts(
    (opts) => new CsiAccess("access", { prefix: "library", namespace: pulumi.output("library-storage") }, opts),
  );
const here = (name: string) => ({ name, namespace: "library-storage", labels: labels("storage") });
const everywhere = { name: "library-nfs-controller", labels: labels("storage") };
const rbac = { apiVersion: "rbac.authorization.k8s.io/v1" };
const watch = ["get", "list", "watch"];
const rule = (apiGroup: string, resource: string, ...verbs: string[]) => ({
  apiGroups: [apiGroup],
  resources: [resource],
  verbs,
});
const subjects = [{ kind: "ServiceAccount", name: "nfs-controller", namespace: "library-storage" }];

describe("CsiAccess", () => {
  it("is two accounts, of which one has roles", async () => {
    const { resources, outputs } = await build();
    const RBAC = "kubernetes:rbac.authorization.k8s.io/v1";
    assert.deepEqual(outline(resources), [
      " > carrel:storage:CsiAccess access",
      "access > kubernetes:core/v1:ServiceAccount access-controller",
      "access > kubernetes:core/v1:ServiceAccount access-node",
      `access > ${RBAC}:ClusterRole access-cluster-role`,
      `access > ${RBAC}:ClusterRoleBinding access-cluster-role-binding`,
      `access > ${RBAC}:Role access-role`,
      `access > ${RBAC}:RoleBinding access-role-binding`,
    ]);
    assert.deepEqual(outputs, { access: { controller: "nfs-controller", node: "nfs-node" } });
    for (const side of ["controller", "node"])
      assert.deepEqual(resourceOf(resources, `access-${side}`).inputs, {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: here(`nfs-${side}`),
        automountServiceAccountToken: false,
      });
  });

  it("lets the controller make volumes everywhere, and choose its leader at home", async () => {
    const { resources } = await build();
    const inputs = (name: string) => resourceOf(resources, name).inputs;
    assert.deepEqual(inputs("access-cluster-role"), {
      ...{ ...rbac, kind: "ClusterRole", metadata: everywhere },
      rules: [
        rule("", "persistentvolumes", ...watch, "create", "update", "patch", "delete"),
        rule("", "persistentvolumeclaims", ...watch, "update"),
        rule("", "persistentvolumeclaims/status", "update", "patch"),
        rule("", "events", ...watch, "create", "update", "patch"),
        rule("", "nodes", ...watch),
        rule("storage.k8s.io", "storageclasses", ...watch),
        rule("storage.k8s.io", "csinodes", ...watch),
      ],
    });
    assert.deepEqual(inputs("access-role"), {
      ...{ ...rbac, kind: "Role", metadata: here("nfs-controller") },
      rules: [rule("coordination.k8s.io", "leases", ...watch, "create", "update", "patch")],
    });
    const to = (kind: string, name: string) => ({ apiGroup: "rbac.authorization.k8s.io", kind, name });
    assert.deepEqual(inputs("access-cluster-role-binding"), {
      ...{ ...rbac, kind: "ClusterRoleBinding", metadata: everywhere },
      subjects,
      roleRef: to("ClusterRole", "library-nfs-controller"),
    });
    assert.deepEqual(inputs("access-role-binding"), {
      ...{ ...rbac, kind: "RoleBinding", metadata: here("nfs-controller") },
      subjects,
      roleRef: to("Role", "nfs-controller"),
    });
  });
});
