import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { AdmissionAccess } from "../../../components/admission/access.ts";
import { type Recording, recordParts } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const build = (): Promise<Recording<AdmissionAccess>> =>
  recordParts(
    (opts) => new AdmissionAccess("rights", { namespace: pulumi.output("library-system"), prefix: "library" }, opts),
  );

const RBAC = "rbac.authorization.k8s.io";
const read = ["get", "list", "watch"];
const subjects = [{ kind: "ServiceAccount", name: "admission", namespace: "library-system" }];
const inNamespace = { name: "admission", namespace: "library-system", labels: labels("admission") };
const clusterWide = { name: "library-admission", labels: labels("admission") };

const child = (kind: string, part: string, apiVersion: string, fields: Record<string, unknown>) => ({
  type: `kubernetes:${apiVersion === "v1" ? "core/v1" : apiVersion}:${kind}`,
  name: `rights-${part}`,
  parent: "rights",
  provider: "cluster",
  dependsOn: [],
  inputs: { apiVersion, kind, ...fields },
});

const expected = [
  { type: "carrel:admission:AdmissionAccess", name: "rights", parent: "", provider: "", dependsOn: [], inputs: {} },
  child("ServiceAccount", "account", "v1", { metadata: inNamespace, automountServiceAccountToken: false }),
  child("ClusterRole", "cluster-role", `${RBAC}/v1`, {
    metadata: clusterWide,
    rules: [
      { apiGroups: [""], resources: ["pods"], verbs: read },
      { apiGroups: ["carrel.dev"], resources: ["groups"], verbs: read },
      { apiGroups: ["kubeflow.org"], resources: ["poddefaults"], verbs: read },
      { apiGroups: ["kubeflow.org"], resources: ["poddefaults/status"], verbs: ["patch"] },
      { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "patch"] },
    ],
  }),
  child("ClusterRoleBinding", "cluster-role-binding", `${RBAC}/v1`, {
    metadata: clusterWide,
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "library-admission" },
    subjects,
  }),
  child("Role", "role", `${RBAC}/v1`, {
    metadata: inNamespace,
    rules: [{ apiGroups: ["carrel.dev"], resources: ["quotaledgers"], verbs: [...read, "create", "update", "delete"] }],
  }),
  child("RoleBinding", "role-binding", `${RBAC}/v1`, {
    metadata: inNamespace,
    roleRef: { apiGroup: RBAC, kind: "Role", name: "admission" },
    subjects,
  }),
];

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

describe("AdmissionAccess", () => {
  it("reads pods, groups and PodDefaults everywhere, says what is wrong with these and why pods are refused, keeps ledgers in its own namespace, and that is all", async () => {
    const { resources, outputs } = await build();
    assert.deepEqual(resources, expected);
    assert.deepEqual(outputs, { rights: { serviceAccount: "admission" } });
  });

  it("deletes nothing but ledgers", async () => {
    const { resources } = await build();
    const rules = resources.flatMap(({ type, inputs }) =>
      ((inputs["rules"] ?? []) as Rule[]).map((rule) => ({ ...rule, type })),
    );
    assert.deepEqual(
      rules.filter(({ verbs }) => verbs.includes("delete")).map(({ type, resources: kinds }) => [type, kinds]),
      [[`kubernetes:${RBAC}/v1:Role`, ["quotaledgers"]]],
    );
  });

  it("has no wildcard, no Secrets, and no verb that gives more rights", async () => {
    const { resources } = await build();
    const rules = resources.flatMap(({ inputs }) => (inputs["rules"] ?? []) as Rule[]);
    assert.equal(rules.length, 6);
    const terms = new Set(
      rules.flatMap(({ apiGroups, resources: kinds, verbs }) => [...apiGroups, ...kinds, ...verbs]),
    );
    for (const forbidden of ["*", "secrets", "escalate", "bind", "impersonate", "deletecollection"]) {
      assert.equal(terms.has(forbidden), false, `the rules of admission contain "${forbidden}"`);
    }
  });
});
