import assert from "node:assert/strict";
import { failurePolicyProblems } from "../../policies/rules/webhook-failure-policy.ts";
import { namespaceSelectorProblems } from "../../policies/rules/webhook-namespace-selector.ts";
import { MUTATING, pod, subject, VALIDATING, webhook } from "./subjects.ts";

const QUOTA = 'ValidatingWebhookConfiguration "admission", webhook "quota.carrel.dev"';
const OTHER = 'MutatingWebhookConfiguration "admission", webhook "other.carrel.dev"';
const other = (changes: object) => webhook({ name: "other.carrel.dev", ...changes }, MUTATING);

describe("webhook-failure-policy", () => {
  const check = (given: ReturnType<typeof webhook>, mustFail: readonly string[] = []) => [
    ...failurePolicyProblems(given, mustFail),
  ];

  it("takes quota that fails closed, and another webhook either way", () => {
    assert.deepEqual(check(webhook()), []);
    assert.deepEqual(check(other({ failurePolicy: "Ignore" })), []);
    assert.deepEqual(check(other({ failurePolicy: "Fail" })), []);
    assert.deepEqual(check(webhook({ timeoutSeconds: 10 })), []);
    assert.deepEqual(check(webhook({ timeoutSeconds: 1 })), []);
  });

  const closed = "write Fail, this webhook must not be passed by";
  const short = "write a whole number from 1 to 10";
  const bad: [string, ReturnType<typeof webhook>, string][] = [
    ["quota Ignore", webhook({ failurePolicy: "Ignore" }), `${QUOTA}: failurePolicy is "Ignore": ${closed}`],
    ["quota unstated", webhook({ failurePolicy: undefined }), `${QUOTA}: failurePolicy is not stated: ${closed}`],
    ["unstated", other({ failurePolicy: undefined }), `${OTHER}: failurePolicy is not stated: write Fail or Ignore`],
    ["misspelt", other({ failurePolicy: "fail" }), `${OTHER}: failurePolicy is "fail": write Fail or Ignore`],
    ["no timeout", webhook({ timeoutSeconds: undefined }), `${QUOTA}: timeoutSeconds is not stated: ${short}`],
    ["long timeout", webhook({ timeoutSeconds: 11 }), `${QUOTA}: timeoutSeconds is 11: ${short}`],
    ["no time at all", webhook({ timeoutSeconds: 0 }), `${QUOTA}: timeoutSeconds is 0: ${short}`],
    ["part of a second", webhook({ timeoutSeconds: 1.5 }), `${QUOTA}: timeoutSeconds is 1.5: ${short}`],
  ];
  for (const [title, given, message] of bad) {
    it(`refuses ${title}`, () => assert.deepEqual(check(given), [message]));
  }

  it("holds webhooks of `mustFail` to Fail as well", () => {
    const given = other({ failurePolicy: "Ignore" });
    assert.deepEqual(check(given, ["third.carrel.dev", "other.carrel.dev"]), [
      `${OTHER}: failurePolicy is "Ignore": ${closed}`,
    ]);
  });

  it("looks at every webhook, names one without a name by its place, and at no other kind", () => {
    const nameless = { timeoutSeconds: 5 };
    const given = subject(VALIDATING, { webhooks: [{ failurePolicy: "Fail", timeoutSeconds: 5 }, nameless] });
    assert.deepEqual(check(given), [
      'ValidatingWebhookConfiguration "it", webhook "1": failurePolicy is not stated: write Fail or Ignore',
    ]);
    assert.deepEqual(check(pod({ webhooks: [{}] })), []);
    assert.deepEqual(check(subject("example.com/v1:ValidatingWebhookConfiguration", { webhooks: [{}] })), []);
  });
});

describe("webhook-namespace-selector", () => {
  const check = (given: ReturnType<typeof webhook>, exceptions: readonly string[] = []) => [
    ...namespaceSelectorProblems(given, exceptions),
  ];
  const NAME = "kubernetes.io/metadata.name";
  const expression = (key: string, operator: string, values?: readonly string[]) => ({
    namespaceSelector: { matchExpressions: [values ? { key, operator, values } : { key, operator }] },
  });

  const good: [string, object][] = [
    ["a label", {}],
    ["In", expression("team", "In", ["a"])],
    ["Exists", expression("team", "Exists")],
    ["In by name without kube-system", expression(NAME, "In", ["carrel-work"])],
    ["NotIn where it fails open", { failurePolicy: "Ignore", ...expression("team", "NotIn", ["a"]) }],
    [
      "NotIn beside a label",
      {
        namespaceSelector: { matchLabels: { a: "b" }, ...expression(NAME, "NotIn", ["x"]).namespaceSelector },
      },
    ],
  ];
  for (const [title, changes] of good) {
    it(`takes ${title}`, () => assert.deepEqual(check(webhook(changes)), []));
  }

  const missing = "write matchLabels or matchExpressions, an objectSelector does not replace it";
  const empty: [string, object, string][] = [
    ["no selector", { namespaceSelector: undefined, objectSelector: { matchLabels: { a: "b" } } }, "not stated"],
    ["an empty selector", { namespaceSelector: {} }, "{}"],
    ["empty requirements", { namespaceSelector: { matchLabels: {} } }, '{"matchLabels":{}}'],
    ["an empty selector that fails open", { failurePolicy: "Ignore", namespaceSelector: {} }, "{}"],
  ];
  for (const [title, changes, given] of empty) {
    it(`refuses ${title}`, () =>
      assert.deepEqual(check(webhook(changes)), [`${QUOTA}: namespaceSelector is ${given}: ${missing}`]));
  }

  const blocks = "with failurePolicy Fail it can block kube-system: require a label by matchLabels, In or Exists";
  const optOut: [string, ReturnType<typeof expression>][] = [
    ["NotIn", expression("team", "NotIn", ["a"])],
    ["DoesNotExist", expression("team", "DoesNotExist")],
    ["the name that every namespace has", expression(NAME, "Exists")],
    ["kube-system by name", expression(NAME, "In", ["carrel-work", "kube-system"])],
    ["kube-system by label", { namespaceSelector: { matchLabels: { [NAME]: "kube-system" } } as never }],
  ];
  for (const [title, changes] of optOut) {
    it(`refuses ${title} where it fails closed`, () => {
      const given = JSON.stringify(changes.namespaceSelector);
      const expected = [`${QUOTA}: namespaceSelector is ${given}: ${blocks}`];
      assert.deepEqual(check(webhook(changes)), expected);
      assert.deepEqual(check(webhook({ ...changes, failurePolicy: undefined })), expected, "Fail is the default");
    });
  }

  it("lets go the webhooks of `exceptions` only", () => {
    const given = webhook({ namespaceSelector: {} });
    assert.deepEqual(check(given, ["quota.carrel.dev"]), []);
    assert.equal(check(given, ["quota"]).length, 1);
  });

  it("looks at every webhook, whatever became of the one before", () => {
    const optIn = { matchLabels: { a: "b" } };
    const webhooks = [
      { name: "excepted" },
      { name: "good", namespaceSelector: optIn },
      { name: "first" },
      { name: "second" },
    ];
    assert.deepEqual(
      check(subject(VALIDATING, { webhooks }), ["excepted"]).map((problem) => /webhook "(\w+)"/.exec(problem)?.[1]),
      ["first", "second"],
    );
  });
});
