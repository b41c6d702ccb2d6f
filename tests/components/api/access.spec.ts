import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { ApiAccess } from "../../../components/api/access.ts";
import { type Recording, recordParts } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const build = (): Promise<Recording<ApiAccess>> =>
  recordParts(
    (opts) =>
      new ApiAccess(
        "rights",
        { namespace: pulumi.output("library-system"), workNamespace: "library-work", prefix: "library" },
        opts,
      ),
  );

const RBAC = "rbac.authorization.k8s.io";
const read = ["get", "list", "watch"];
const subjects = [{ kind: "ServiceAccount", name: "api", namespace: "library-system" }];
const atWork = { name: "api", namespace: "library-work", labels: labels("api") };
const clusterWide = { name: "library-api", labels: labels("api") };

const child = (kind: string, part: string, apiVersion: string, fields: Record<string, unknown>) => ({
  type: `kubernetes:${apiVersion === "v1" ? "core/v1" : apiVersion}:${kind}`,
  name: `rights-${part}`,
  parent: "rights",
  provider: "cluster",
  dependsOn: [],
  inputs: { apiVersion, kind, ...fields },
});

describe("ApiAccess", () => {
  it("reads pods, groups, instance types and images everywhere, volumes in one namespace, and that is all", async () => {
    const { resources, outputs } = await build();
    assert.deepEqual(resources, [
      { type: "carrel:api:ApiAccess", name: "rights", parent: "", provider: "", dependsOn: [], inputs: {} },
      child("ServiceAccount", "account", "v1", {
        metadata: { ...atWork, namespace: "library-system" },
        automountServiceAccountToken: false,
      }),
      child("ClusterRole", "cluster-role", `${RBAC}/v1`, {
        metadata: clusterWide,
        rules: [
          { apiGroups: [""], resources: ["pods"], verbs: read },
          { apiGroups: ["carrel.dev"], resources: ["groups", "instancetypes", "images"], verbs: read },
        ],
      }),
      child("ClusterRoleBinding", "cluster-role-binding", `${RBAC}/v1`, {
        metadata: clusterWide,
        roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "library-api" },
        subjects,
      }),
      child("Role", "role", `${RBAC}/v1`, {
        metadata: atWork,
        rules: [{ apiGroups: ["carrel.dev"], resources: ["volumes"], verbs: read }],
      }),
      child("RoleBinding", "role-binding", `${RBAC}/v1`, {
        metadata: atWork,
        roleRef: { apiGroup: RBAC, kind: "Role", name: "api" },
        subjects,
      }),
    ]);
    assert.deepEqual(outputs, { rights: { serviceAccount: "api" } });
  });
});
