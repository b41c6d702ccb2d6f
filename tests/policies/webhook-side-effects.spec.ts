import assert from "node:assert/strict";
import { sideEffectsProblems } from "../../policies/rules/webhook-side-effects.ts";
import { MUTATING, webhook } from "./subjects.ts";

const QUOTA = 'ValidatingWebhookConfiguration "admission", webhook "quota.carrel.dev"';

describe("webhook-side-effects", () => {
  const check = (changes: object) => [...sideEffectsProblems(webhook(changes))];
  const ca = "write a service, or a url with its caBundle";

  it("takes None and NoneOnDryRun, v1 beside others, and a url with its bundle", () => {
    assert.deepEqual(check({}), []);
    assert.deepEqual(check({ sideEffects: "None", admissionReviewVersions: ["v1beta1", "v1"] }), []);
    assert.deepEqual(check({ clientConfig: { service: { name: "a", namespace: "b" } } }), []);
    assert.deepEqual(check({ clientConfig: { url: "https://a.example", caBundle: "Q0E=" } }), []);
  });

  const bad: [string, object, string][] = [
    ["side effects", { sideEffects: "Some" }, 'sideEffects is "Some": write None or NoneOnDryRun'],
    ["silence on them", { sideEffects: undefined }, "sideEffects is not stated: write None or NoneOnDryRun"],
    ["an old review", { admissionReviewVersions: ["v1beta1"] }, 'admissionReviewVersions is ["v1beta1"]: write ["v1"]'],
    ["no review", { admissionReviewVersions: undefined }, 'admissionReviewVersions is not stated: write ["v1"]'],
    ["a bare url", { clientConfig: { url: "https://a" } }, `clientConfig is {"url":"https://a"}: ${ca}`],
    ["no address", { clientConfig: undefined }, `clientConfig is not stated: ${ca}`],
  ];
  for (const [title, changes, message] of bad) {
    it(`refuses ${title}`, () => assert.deepEqual(check(changes), [`${QUOTA}: ${message}`]));
  }

  it("checks mutating webhooks too", () => {
    assert.equal([...sideEffectsProblems(webhook({ sideEffects: "Some" }, MUTATING))].length, 1);
  });
});
