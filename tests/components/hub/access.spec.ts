import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { HubAccess } from "../../../components/hub/access.ts";
import { type Recording, recordParts } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const build = (): Promise<Recording<HubAccess>> =>
  recordParts(
    (opts) => new HubAccess("rights", { namespace: pulumi.output("library-hub"), workNamespace: "library-work" }, opts),
  );

const RBAC = "rbac.authorization.k8s.io";
const atWork = { name: "hub", namespace: "library-work", labels: labels("hub") };
const child = (kind: string, part: string, apiVersion: string, fields: Record<string, unknown>) => ({
  type: `kubernetes:${apiVersion === "v1" ? "core/v1" : apiVersion}:${kind}`,
  name: `rights-${part}`,
  parent: "rights",
  provider: "cluster",
  dependsOn: [],
  inputs: { apiVersion, kind, ...fields },
});

describe("HubAccess", () => {
  it("starts and stops pods, makes homes and reads logs and events of one namespace, and that is all", async () => {
    const { resources, outputs } = await build();
    assert.deepEqual(resources, [
      { type: "carrel:hub:HubAccess", name: "rights", parent: "", provider: "", dependsOn: [], inputs: {} },
      child("ServiceAccount", "account", "v1", {
        metadata: { ...atWork, namespace: "library-hub" },
        automountServiceAccountToken: false,
      }),
      child("Role", "role", `${RBAC}/v1`, {
        metadata: atWork,
        rules: [
          { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch", "create", "delete"] },
          { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
          { apiGroups: [""], resources: ["persistentvolumeclaims"], verbs: ["get", "create"] },
          { apiGroups: [""], resources: ["events"], verbs: ["get", "list", "watch"] },
        ],
      }),
      child("RoleBinding", "role-binding", `${RBAC}/v1`, {
        metadata: atWork,
        roleRef: { apiGroup: RBAC, kind: "Role", name: "hub" },
        subjects: [{ kind: "ServiceAccount", name: "hub", namespace: "library-hub" }],
      }),
    ]);
    assert.deepEqual(outputs, { rights: { serviceAccount: "hub" } });
  });
});
