import assert from "node:assert/strict";
import type { PolicyGate } from "../../lab/engine/policy-gate.ts";
import type { Props } from "../../lab/engine/values.ts";
import { answeredInWork, container, deny, refusals, startGate, webhooks, work } from "./gate.ts";
import { goodPodSpec, MUTATING, VALIDATING } from "./subjects.ts";

describe("the pack, as an engine runs it", () => {
  let gate: PolicyGate;
  before(async () => {
    gate = await startGate({});
  });
  after(() => gate?.stop());

  it("is called carrel", async () => assert.deepEqual(await gate.names(), ["carrel 0.1.0"]));

  it("lets good resources through, for every provider", async () => {
    const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
    assert.deepEqual(await refusals(gate, VALIDATING, webhooks()), []);
    assert.deepEqual(
      await refusals(gate, MUTATING, webhooks({ name: "guard.carrel.dev", failurePolicy: "Ignore" })),
      [],
    );
    assert.deepEqual(await refusals(gate, "core/v1:Pod", { spec: goodPodSpec }), []);
    assert.deepEqual(await refusals(gate, "apps/v1:Deployment", { spec: { template: { spec: goodPodSpec } } }), []);
    assert.deepEqual(await refusals(gate, "core/v1:Namespace", { metadata: { labels } }), []);
    assert.deepEqual(gate.results, []);
  });

  it("refuses quota that fails open, with rule, resource and remedy", async () => {
    assert.deepEqual(await refusals(gate, VALIDATING, webhooks({ failurePolicy: "Ignore" })), [
      "policy webhook-failure-policy: Webhooks state failurePolicy and a short timeout; " +
        "those that must not be passed by fail closed.\n" +
        'ValidatingWebhookConfiguration "it", webhook "quota.carrel.dev": failurePolicy is "Ignore": ' +
        "write Fail, this webhook must not be passed by",
    ]);
  });

  it("refuses an empty namespaceSelector, with rule, resource and remedy", async () => {
    assert.deepEqual(await refusals(gate, VALIDATING, webhooks({ namespaceSelector: {} })), [
      "policy webhook-namespace-selector: Webhooks select namespaces, " +
        "and those that fail closed only namespaces that opted in.\n" +
        'ValidatingWebhookConfiguration "it", webhook "quota.carrel.dev": namespaceSelector is {}: ' +
        "write matchLabels or matchExpressions, an objectSelector does not replace it",
    ]);
  });

  const broken: [string, string, Props][] = [
    ["webhook-side-effects", VALIDATING, webhooks({ sideEffects: "Some" })],
    ["image-by-digest", "core/v1:Pod", container({ image: "nginx:1" })],
    ["pod-security-restricted", "core/v1:Pod", { spec: { ...goodPodSpec, hostPID: true } }],
    ["rbac-no-wildcard", "rbac.authorization.k8s.io/v1:Role", { rules: [{ verbs: ["*"] }] }],
    ["namespace-labels", "core/v1:Namespace", { metadata: {} }],
    ["secret-not-in-env", "core/v1:Pod", container({ env: [{ name: "TOKEN", value: "a" }] })],
  ];
  for (const [policy, type, inputs] of broken) {
    it(`holds ${policy}, and only that`, async () => {
      const problems = await refusals(gate, type, inputs);
      assert.deepEqual(
        problems.map((problem) => problem.split(":")[0]),
        [`policy ${policy}`],
      );
      assert.match(problems[0] ?? "", /\n.+ "it".*: \w.+/);
    });
  }

  it("holds default-deny over the whole stack", async () => {
    assert.deepEqual(await gate.checkStack([work, deny]), []);
    assert.deepEqual(await gate.checkStack([work]), [
      {
        policy: "default-deny",
        pack: "carrel",
        mandatory: true,
        urn: work.urn,
        message:
          "Namespaces deny network traffic by default.\n" +
          'Namespace "work": namespace "work" has no NetworkPolicy that denies by default: ' +
          "add one with podSelector {}, policyTypes Ingress and Egress, and no rule that allows all",
      },
    ]);
  });

  it("holds webhook-own-namespace over the whole stack", async () => {
    assert.deepEqual(await gate.checkStack([work, deny, answeredInWork()]), []);
    const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": "work" } };
    const wrong = answeredInWork({ namespaceSelector });
    assert.deepEqual(await gate.checkStack([work, deny, wrong]), [
      {
        policy: "webhook-own-namespace",
        pack: "carrel",
        mandatory: true,
        urn: wrong.urn,
        message:
          "Webhooks are not asked about the namespace that answers them, nor about kube-system.\n" +
          'ValidatingWebhookConfiguration "work", webhook "quota.carrel.dev": namespaceSelector is ' +
          `${JSON.stringify(namespaceSelector)}: it can select "work", where its own service could not ` +
          "start before it answers: leave it out by kubernetes.io/metadata.name NotIn, labels are written by hand",
      },
    ]);
  });
});
