import assert from "node:assert/strict";
import type { Subject } from "../../policies/kubernetes.ts";
import { defaultDenyProblems } from "../../policies/rules/default-deny.ts";
import { namespaceLabelProblems } from "../../policies/rules/namespace-labels.ts";
import { wildcardProblems } from "../../policies/rules/rbac-no-wildcard.ts";
import { subject } from "./subjects.ts";

describe("rbac-no-wildcard", () => {
  const good = { apiGroups: ["", "apps"], resources: ["pods", "pods/log"], verbs: ["get", "list"] };
  const role = (kind: string, ...rules: object[]): Subject =>
    subject(`rbac.authorization.k8s.io/v1:${kind}`, { rules }, "reader");
  const check = (given: Subject, exceptions: readonly string[] = []) => [...wildcardProblems(given, exceptions)];

  it("takes a role that names what it grants", () => {
    assert.deepEqual(check(role("Role", good)), []);
    assert.deepEqual(check(role("ClusterRole", good, { nonResourceURLs: ["/metrics"], verbs: ["get"] })), []);
    assert.deepEqual(check(subject("rbac.authorization.k8s.io/v1:ClusterRole", { aggregationRule: {} })), []);
  });

  for (const field of ["apiGroups", "resources", "verbs"]) {
    it(`refuses * in ${field}`, () => {
      assert.deepEqual(check(role("Role", good, { ...good, [field]: ["get", "*"] })), [
        `Role "reader", rule 1: ${field} is ["get","*"]: name each one that is needed`,
      ]);
    });
  }

  it("refuses */scale, and every field of a role at once", () => {
    assert.deepEqual(check(role("ClusterRole", { apiGroups: ["*"], resources: ["*/scale"], verbs: ["*"] })), [
      'ClusterRole "reader", rule 0: apiGroups is ["*"]: name each one that is needed',
      'ClusterRole "reader", rule 0: resources is ["*/scale"]: name each one that is needed',
      'ClusterRole "reader", rule 0: verbs is ["*"]: name each one that is needed',
    ]);
  });

  it("lets go the roles of `exceptions` only, and looks at no other kind", () => {
    const given = role("ClusterRole", { ...good, verbs: ["*"] });
    assert.deepEqual(check(given, ["reader"]), []);
    assert.equal(check(given, ["read"]).length, 1);
    assert.deepEqual(check(subject("example.com/v1:Role", { rules: [{ verbs: ["*"] }] })), []);
  });
});

describe("namespace-labels", () => {
  const enforce = "pod-security.kubernetes.io/enforce";
  const managed = { "primehub.io/resources-validation-webhook": "enabled" };
  const check = (labels?: object) => [
    ...namespaceLabelProblems(subject("core/v1:Namespace", { metadata: { name: "a", ...(labels && { labels }) } })),
  ];
  const any = "write restricted, baseline or privileged";
  const bounded = "write restricted or baseline, quota is enforced here (primehub.io/resources-validation-webhook)";

  it("takes every level, and under quota the bounded ones", () => {
    for (const level of ["privileged", "baseline", "restricted"]) assert.deepEqual(check({ [enforce]: level }), []);
    for (const level of ["baseline", "restricted"]) assert.deepEqual(check({ [enforce]: level, ...managed }), []);
    const off = { "primehub.io/resources-validation-webhook": "disabled" };
    assert.deepEqual(check({ [enforce]: "privileged", ...off }), []);
  });

  const bad: [string, object | undefined, string, string][] = [
    ["no labels", undefined, "not stated", any],
    ["no level", { app: "a" }, "not stated", any],
    ["a level that does not exist", { [enforce]: "strict" }, '"strict"', any],
    ["no level under quota", managed, "not stated", bounded],
    ["privileged under quota", { [enforce]: "privileged", ...managed }, '"privileged"', bounded],
  ];
  for (const [title, labels, given, remedy] of bad) {
    it(`refuses ${title}`, () =>
      assert.deepEqual(check(labels), [`Namespace "it": label ${enforce} is ${given}: ${remedy}`]));
  }

  it("looks at no other kind", () => {
    assert.deepEqual([...namespaceLabelProblems(subject("core/v1:ConfigMap", {}))], []);
  });
});

describe("default-deny", () => {
  const space = (name: string): Subject => subject("core/v1:Namespace", { metadata: { name } }, `${name}-ns`);
  const policy = (spec: object, namespace = "work"): Subject =>
    subject("networking.k8s.io/v1:NetworkPolicy", { metadata: { namespace }, spec });
  const good = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };
  const check = (subjects: readonly Subject[], exceptions: readonly string[] = []) =>
    [...defaultDenyProblems(subjects, exceptions)].map(({ message }) => message);
  const missing = (name: string): string =>
    `Namespace "${name}-ns": namespace "${name}" has no NetworkPolicy that denies by default: ` +
    "add one with podSelector {}, policyTypes Ingress and Egress, and no rule that allows all";

  it("takes a namespace with the denial, declared before or after it, with narrow rules beside it", () => {
    const dns = { to: [{ namespaceSelector: {} }], ports: [{ port: 53 }] };
    const peers = { from: [{ podSelector: {} }] };
    assert.deepEqual(check([space("work"), policy(good)]), []);
    assert.deepEqual(check([policy({ ...good, ingress: [peers, { ports: [{ port: 80 }] }] }), space("work")]), []);
    assert.deepEqual(check([policy({ ...good, ingress: [], egress: [dns] }), space("work")]), []);
    assert.deepEqual(check([policy({ ...good, podSelector: { matchLabels: {} } }), space("work")]), []);
  });

  const bad: [string, Subject][] = [
    ["one for another namespace", policy(good, "other")],
    ["one for some pods", policy({ ...good, podSelector: { matchLabels: { app: "a" } } })],
    ["one for pods by expression", policy({ ...good, podSelector: { matchExpressions: [{ key: "a" }] } })],
    ["one way only, in", policy({ ...good, policyTypes: ["Ingress"] })],
    ["one way only, out", policy({ ...good, policyTypes: ["Egress"] })],
    ["no policyTypes", policy({ podSelector: {} })],
    ["everything allowed in", policy({ ...good, ingress: [{}] })],
    ["everything allowed out", policy({ ...good, egress: [{ to: [] }] })],
    ["no spec", subject("networking.k8s.io/v1:NetworkPolicy", { metadata: { namespace: "work" } })],
    [
      "a policy of another kind",
      subject("example.com/v1:NetworkPolicy", { metadata: { namespace: "work" }, spec: good }),
    ],
  ];
  for (const [title, given] of bad) {
    it(`refuses ${title}`, () => assert.deepEqual(check([space("work"), given]), [missing("work")]));
  }

  it("tells each namespace that has none, with its subject", () => {
    const [a, b] = [space("a"), space("b")];
    const problems = [...defaultDenyProblems([policy(good), a, space("work"), b], [])];
    assert.deepEqual(problems, [
      { message: missing("a"), subject: a },
      { message: missing("b"), subject: b },
    ]);
  });

  it("counts a policy without a namespace to default", () => {
    const given = subject("networking.k8s.io/v1:NetworkPolicy", { spec: good });
    assert.deepEqual(check([space("default"), given]), []);
  });

  it("lets go the namespaces of `exceptions` only", () => {
    assert.deepEqual(check([space("a"), space("ab")], ["a"]), [missing("ab")]);
  });
});
