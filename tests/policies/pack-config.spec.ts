import assert from "node:assert/strict";
import type { PolicyGate } from "../../lab/engine/policy-gate.ts";
import { UNKNOWN } from "../../lab/engine/values.ts";
import { answeredInWork, container, deny, goalOf, refusals, startGate, webhooks, work } from "./gate.ts";
import { goodPodSpec, MUTATING, VALIDATING } from "./subjects.ts";

describe("the pack in a preview", () => {
  let gate: PolicyGate;
  beforeEach(async () => {
    gate = await startGate({});
  });
  afterEach(() => gate?.stop());

  it("does not need values that it only has to see present", async () => {
    const clientConfig = { url: "https://a", caBundle: UNKNOWN };
    assert.deepEqual(await refusals(gate, VALIDATING, webhooks({ clientConfig })), []);
    assert.deepEqual(await refusals(gate, "core/v1:Pod", { metadata: { namespace: UNKNOWN }, spec: goodPodSpec }), []);
    assert.deepEqual(gate.results, []);
    const env = [{ name: "TOKEN", value: UNKNOWN }];
    assert.equal((await refusals(gate, "core/v1:Pod", container({ env }))).length, 1);
  });

  it("says what it cannot check yet, and still refuses what it found before that", async () => {
    const containers = ["nginx:1", UNKNOWN].map((image) => ({ ...goodPodSpec.containers[0], image }));
    const problems = await refusals(gate, "core/v1:Pod", { spec: { ...goodPodSpec, containers } });
    assert.equal(problems.length, 1);
    assert.deepEqual(
      gate.results.map(({ policy, mandatory }) => [policy, mandatory]),
      [
        ["image-by-digest", true],
        ["image-by-digest", false],
      ],
    );
    assert.match(gate.results[1]?.message ?? "", /can't be known during preview/);
  });

  it("says of a namespace that has no name yet that its webhooks cannot be checked", async () => {
    const labels = { release: UNKNOWN };
    const named = { ...work, inputs: { metadata: { name: "work", labels } } };
    assert.deepEqual(await gate.checkStack([named, deny, answeredInWork()]), []);
    assert.deepEqual(gate.results, []);
    const unnamed = { ...work, inputs: { metadata: { name: UNKNOWN } } };
    assert.deepEqual(await gate.checkStack([deny, unnamed, answeredInWork()]), []);
    assert.deepEqual(gate.results.map(({ policy }) => policy).sort(), ["default-deny", "webhook-own-namespace"]);
  });
});

describe("the pack with a site's configuration", () => {
  let gate: PolicyGate;
  before(async () => {
    gate = await startGate({
      "webhook-failure-policy": { mustFail: ["guard.carrel.dev"] },
      "webhook-namespace-selector": { exceptions: ["quota.carrel.dev"] },
      "webhook-own-namespace": { exceptions: ["quota.carrel.dev"] },
      "image-by-digest": { allowTags: ["registry.lab:5000"] },
      "pod-security-restricted": { exceptions: ["kube-system"] },
      "rbac-no-wildcard": { exceptions: ["it"] },
      "secret-not-in-env": { allow: ["TOKEN_TTL"] },
      "namespace-labels": { enforcementLevel: "disabled" },
      "default-deny": { exceptions: ["work"] },
    });
  });
  after(() => gate?.stop());

  it("lets go what the site excepts", async () => {
    const env = [{ name: "TOKEN_TTL", value: "60" }];
    const host = { metadata: { namespace: "kube-system" }, spec: { ...goodPodSpec, hostPID: true } };
    assert.deepEqual(await refusals(gate, VALIDATING, webhooks({ namespaceSelector: {} })), []);
    assert.deepEqual(await refusals(gate, "core/v1:Pod", container({ env })), []);
    assert.deepEqual(await refusals(gate, "core/v1:Pod", host), []);
    assert.deepEqual(await refusals(gate, "core/v1:Namespace", {}), []);
    const role = { rules: [{ verbs: ["*"] }] };
    assert.deepEqual(await refusals(gate, "rbac.authorization.k8s.io/v1:Role", role), []);
    assert.deepEqual(await gate.checkStack([work, answeredInWork({ namespaceSelector: {} })]), []);
  });

  it("holds the webhooks that the site names to Fail", async () => {
    const open = webhooks({ name: "guard.carrel.dev", failurePolicy: "Ignore" });
    assert.equal((await refusals(gate, MUTATING, open)).length, 1);
  });

  it("advises against a tag that the site allows, and stops nothing", async () => {
    assert.deepEqual(await refusals(gate, "core/v1:Pod", container({ image: "registry.lab:5000/hub:1" })), []);
    const advice = gate.results.at(-1);
    assert.deepEqual([advice?.policy, advice?.mandatory], ["image-by-digest", false]);
    assert.match(
      advice?.message ?? "",
      /^Containers run .+\nPod "it", container "main": image is "registry.+": write /,
    );
  });

  it("does not take a string for a list", async () => {
    const wrong = await startGate({ "rbac-no-wildcard": { exceptions: "it" } });
    try {
      const role = { rules: [{ verbs: ["*"] }] };
      const inputs = goalOf("rbac.authorization.k8s.io/v1:Role", role);
      await assert.rejects(
        wrong.check(inputs, role),
        /policy rbac-no-wildcard: exceptions is "it": write a list of strings/,
      );
    } finally {
      wrong.stop();
    }
  });
});
