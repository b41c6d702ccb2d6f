import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { ImagePuller } from "../../../components/hub/image-puller.ts";
import { outline, recordParts, resourceOf } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const RBAC = "rbac.authorization.k8s.io";

describe("ImagePuller", () => {
  it("lets the controllers keep DaemonSets in one namespace and read nodes, and nothing else", async () => {
    const controllers = { namespace: pulumi.output("library-system"), name: "controllers" };
    const { resources } = await recordParts(
      (opts) => new ImagePuller("pull", { namespace: pulumi.output("library-hub"), controllers }, opts),
    );
    assert.deepEqual(outline(resources), [
      " > carrel:hub:ImagePuller pull",
      `pull > kubernetes:${RBAC}/v1:ClusterRole pull-nodes-role`,
      `pull > kubernetes:${RBAC}/v1:ClusterRoleBinding pull-nodes-role-binding`,
      `pull > kubernetes:${RBAC}/v1:Role pull-role`,
      `pull > kubernetes:${RBAC}/v1:RoleBinding pull-role-binding`,
    ]);
    const metadata = { name: "image-puller", namespace: "library-hub", labels: labels("hub") };
    const verbs = ["get", "list", "watch", "create", "update", "delete"];
    assert.deepEqual(resourceOf(resources, "pull-role").inputs, {
      ...{ apiVersion: `${RBAC}/v1`, kind: "Role", metadata },
      rules: [{ apiGroups: ["apps"], resources: ["daemonsets"], verbs }],
    });
    assert.deepEqual(resourceOf(resources, "pull-role-binding").inputs, {
      ...{ apiVersion: `${RBAC}/v1`, kind: "RoleBinding", metadata },
      roleRef: { apiGroup: RBAC, kind: "Role", name: "image-puller" },
      subjects: [{ kind: "ServiceAccount", name: "controllers", namespace: "library-system" }],
    });
    const everywhere = { name: "library-hub-image-puller", labels: labels("hub") };
    assert.deepEqual(resourceOf(resources, "pull-nodes-role").inputs, {
      ...{ apiVersion: `${RBAC}/v1`, kind: "ClusterRole", metadata: everywhere },
      rules: [{ apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] }],
    });
    assert.deepEqual(resourceOf(resources, "pull-nodes-role-binding").inputs, {
      ...{ apiVersion: `${RBAC}/v1`, kind: "ClusterRoleBinding", metadata: everywhere },
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "library-hub-image-puller" },
      subjects: [{ kind: "ServiceAccount", name: "controllers", namespace: "library-system" }],
    });
  });
});
