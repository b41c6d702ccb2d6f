import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { ControllersAccess } from "../../../components/identity/controllers-access.ts";
import { STATUS_NAME } from "../../../services/controllers/realm/realm-status.ts";
import { type Recording, recordParts } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const build = (): Promise<Recording<ControllersAccess>> =>
  recordParts(
    (opts) =>
      new ControllersAccess(
        "rights",
        {
          namespace: pulumi.output("library-system"),
          workNamespace: pulumi.output("library-work"),
          prefix: "library",
        },
        opts,
      ),
  );

const RBAC = "rbac.authorization.k8s.io";
const read = ["get", "list", "watch"];
const subjects = [{ kind: "ServiceAccount", name: "controllers", namespace: "library-system" }];
const metadataIn = (namespace: string) => ({ name: "controllers", namespace, labels: labels("identity") });
const clusterWide = { name: "library-controllers", labels: labels("identity") };
const events = { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "patch"] };

const child = (kind: string, part: string, apiVersion: string, fields: Record<string, unknown>) => ({
  type: `kubernetes:${apiVersion === "v1" ? "core/v1" : apiVersion}:${kind}`,
  name: `rights-${part}`,
  parent: "rights",
  provider: "cluster",
  dependsOn: [],
  inputs: { apiVersion, kind, ...fields },
});
const role = (part: string, namespace: string, rules: object[]) =>
  child("Role", `${part}-role`, `${RBAC}/v1`, { metadata: metadataIn(namespace), rules });
const binding = (part: string, namespace: string) =>
  child("RoleBinding", `${part}-role-binding`, `${RBAC}/v1`, {
    metadata: metadataIn(namespace),
    roleRef: { apiGroup: RBAC, kind: "Role", name: "controllers" },
    subjects,
  });

const ownConfigMap = {
  ...{ apiGroups: [""], resources: ["configmaps"], resourceNames: [STATUS_NAME] },
  verbs: ["get", "create", "patch"],
};

describe("ControllersAccess", () => {
  it("reads what the realm stands for, says how it is, and makes claims of volumes, and that is all", async () => {
    const { resources, outputs } = await build();
    assert.deepEqual(resources, [
      {
        ...{ type: "carrel:identity:ControllersAccess", name: "rights", parent: "", provider: "", dependsOn: [] },
        inputs: {},
      },
      child("ServiceAccount", "account", "v1", {
        metadata: metadataIn("library-system"),
        automountServiceAccountToken: false,
      }),
      child("ClusterRole", "cluster-role", `${RBAC}/v1`, {
        metadata: clusterWide,
        rules: [
          { apiGroups: ["carrel.dev"], resources: ["groups", "images", "instancetypes"], verbs: read },
          { apiGroups: ["carrel.dev"], resources: ["groups/status"], verbs: ["patch"] },
        ],
      }),
      child("ClusterRoleBinding", "cluster-role-binding", `${RBAC}/v1`, {
        metadata: clusterWide,
        roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "library-controllers" },
        subjects,
      }),
      role("report", "library-system", [ownConfigMap, events]),
      role("work", "library-work", [
        { apiGroups: ["carrel.dev"], resources: ["volumes"], verbs: read },
        { apiGroups: ["carrel.dev"], resources: ["volumes/status"], verbs: ["patch"] },
        { apiGroups: [""], resources: ["persistentvolumeclaims"], verbs: [...read, "create", "patch"] },
        events,
      ]),
      binding("report", "library-system"),
      binding("work", "library-work"),
    ]);
    assert.deepEqual(outputs, { rights: { serviceAccount: "controllers" } });
  });
});
