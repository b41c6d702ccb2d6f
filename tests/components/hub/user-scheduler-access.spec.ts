import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { UserSchedulerAccess } from "../../../components/hub/user-scheduler-access.ts";
import { outline, recordParts, resourceOf } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const build = () =>
  recordParts(
    (opts) => new UserSchedulerAccess("packer", { namespace: pulumi.output("library-hub"), prefix: "library" }, opts),
  );
const RBAC = "rbac.authorization.k8s.io";
const metadata = { name: "user-scheduler", namespace: "library-hub", labels: labels("hub") };
const subjects = [{ kind: "ServiceAccount", name: "user-scheduler", namespace: "library-hub" }];

describe("UserSchedulerAccess", () => {
  it("is an account, the cluster's own scheduler's rights, and a lease", async () => {
    const { resources } = await build();
    assert.deepEqual(outline(resources), [
      " > carrel:hub:UserSchedulerAccess packer",
      "packer > kubernetes:core/v1:ServiceAccount packer-account",
      `packer > kubernetes:${RBAC}/v1:ClusterRoleBinding packer-scheduling`,
      `packer > kubernetes:${RBAC}/v1:ClusterRoleBinding packer-volumes`,
      `packer > kubernetes:${RBAC}/v1:Role packer-lease-role`,
      `packer > kubernetes:${RBAC}/v1:RoleBinding packer-lease-role-binding`,
    ]);
    const { metadata: own, automountServiceAccountToken } = resourceOf(resources, "packer-account").inputs;
    assert.deepEqual([own, automountServiceAccountToken], [metadata, false]);
  });

  it("is bound to Kubernetes' own roles in the whole cluster", async () => {
    const { resources } = await build();
    const bound = (part: string): object => {
      const { apiVersion: _, kind: _kind, ...rest } = resourceOf(resources, `packer-${part}`).inputs;
      return rest;
    };
    const to = (name: string) => ({ apiGroup: RBAC, kind: "ClusterRole", name });
    assert.deepEqual(bound("scheduling"), {
      metadata: { name: "library-user-scheduler-scheduling", labels: labels("hub") },
      roleRef: to("system:kube-scheduler"),
      subjects,
    });
    assert.deepEqual(bound("volumes"), {
      metadata: { name: "library-user-scheduler-volumes", labels: labels("hub") },
      roleRef: to("system:volume-scheduler"),
      subjects,
    });
  });

  it("holds one lease in its own namespace", async () => {
    const { resources } = await build();
    const role = resourceOf(resources, "packer-lease-role").inputs;
    const leases = { apiGroups: ["coordination.k8s.io"], resources: ["leases"] };
    assert.deepEqual(
      [role["metadata"], role["rules"]],
      [
        metadata,
        [
          { ...leases, verbs: ["create"] },
          { ...leases, resourceNames: ["user-scheduler"], verbs: ["get", "update"] },
        ],
      ],
    );
    const binding = resourceOf(resources, "packer-lease-role-binding").inputs;
    const roleRef = { apiGroup: RBAC, kind: "Role", name: "user-scheduler" };
    assert.deepEqual([binding["metadata"], binding["roleRef"], binding["subjects"]], [metadata, roleRef, subjects]);
  });
});
