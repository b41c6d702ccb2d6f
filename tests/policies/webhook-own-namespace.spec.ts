import assert from "node:assert/strict";
import { type KubernetesObject, type Subject, subjectsOf } from "../../policies/kubernetes.ts";
import { ownNamespaceProblems } from "../../policies/rules/webhook-own-namespace.ts";
import { recordProgram } from "../stacks/support.ts";
import { goodWebhook, MUTATING, subject, VALIDATING, webhook } from "./subjects.ts";

const NAME = "kubernetes.io/metadata.name";
const OPT_IN = "primehub.io/resources-validation-webhook";
const QUOTA = 'ValidatingWebhookConfiguration "admission", webhook "quota.carrel.dev"';
const remedy = `leave it out by ${NAME} NotIn, labels are written by hand`;
const ownText = `it can select "carrel-system", where its own service could not start before it answers: ${remedy}`;
const systemText = `it can select kube-system, which the cluster needs to start: ${remedy}`;

const space = (labels: object = {}, name = "carrel-system"): Subject =>
  subject("core/v1:Namespace", { metadata: { name, labels } }, "system");
const check = (subjects: readonly Subject[], exceptions: readonly string[] = []) =>
  [...ownNamespaceProblems(subjects, exceptions)].map(({ message }) => message);
const selecting = (namespaceSelector: object | undefined) => webhook({ namespaceSelector });
const expressions = (...matchExpressions: object[]) => selecting({ matchExpressions });
const notIn = (...values: string[]) => ({ key: NAME, operator: "NotIn", values });
const optIn = { matchLabels: { [OPT_IN]: "enabled" } };

describe("webhook-own-namespace", () => {
  it("takes the platform as it is", async () => {
    const { resources } = await recordProgram();
    const subjects = resources.flatMap(({ type, name, inputs }) => subjectsOf(type, name, inputs as KubernetesObject));
    assert.deepEqual(check(subjects), []);
    const all = subjects.filter(({ kind }) => /WebhookConfiguration$|^core\/Namespace$/.test(kind));
    assert.equal(all.length, 4, "and has what the rule looks at");
  });

  const good: [string, Subject][] = [
    ["a label and both left out by name", webhook()],
    ["both left out by name, each by itself", expressions(notIn("carrel-system"), notIn("kube-system"))],
    ["another namespace by name", selecting({ matchLabels: { [NAME]: "carrel-work" } })],
    ["others by name", expressions({ key: NAME, operator: "In", values: ["carrel-work", "default"] })],
    [
      "kube-system left out where a url is called",
      webhook({ namespaceSelector: { matchExpressions: [notIn("kube-system")] }, clientConfig: { url: "https://a" } }),
    ],
    [
      "kube-system left out without an address",
      webhook({ namespaceSelector: { matchExpressions: [notIn("kube-system")] }, clientConfig: undefined }),
    ],
  ];
  for (const [title, given] of good) {
    it(`takes ${title}`, () => {
      assert.deepEqual(check([space(), given]), []);
      assert.deepEqual(check([given, space()]), []);
    });
  }

  const both: [string, object | undefined, string][] = [
    ["a label that the namespace lacks", optIn, JSON.stringify(optIn)],
    ["an empty selector", {}, "{}"],
    ["no selector", undefined, "not stated"],
    [
      "NotIn of something else than the name",
      { ...optIn, matchExpressions: [{ ...notIn("carrel-system", "kube-system"), key: "name" }] },
      `{"matchLabels":{"${OPT_IN}":"enabled"},"matchExpressions":[{"key":"name","operator":"NotIn","values":["carrel-system","kube-system"]}]}`,
    ],
    [
      "that there is a name",
      { matchExpressions: [{ key: NAME, operator: "Exists" }] },
      `{"matchExpressions":[{"key":"${NAME}","operator":"Exists"}]}`,
    ],
  ];
  for (const [title, selector, stated] of both) {
    it(`refuses ${title}, as somebody may label both`, () =>
      assert.deepEqual(check([selecting(selector), space()]), [
        `${QUOTA}: namespaceSelector is ${stated}: ${systemText}`,
        `${QUOTA}: namespaceSelector is ${stated}: ${ownText}`,
      ]));
  }

  const one: [string, Subject, string, string][] = [
    [
      "NotIn others",
      expressions(notIn("kube-system")),
      `{"matchExpressions":[${JSON.stringify(notIn("kube-system"))}]}`,
      ownText,
    ],
    [
      "its name",
      selecting({ matchLabels: { [NAME]: "carrel-system" } }),
      `{"matchLabels":{"${NAME}":"carrel-system"}}`,
      ownText,
    ],
    [
      "kube-system's name",
      selecting({ matchLabels: { [NAME]: "kube-system" } }),
      `{"matchLabels":{"${NAME}":"kube-system"}}`,
      systemText,
    ],
    [
      "NotIn only its own",
      expressions(notIn("carrel-system")),
      `{"matchExpressions":[${JSON.stringify(notIn("carrel-system"))}]}`,
      systemText,
    ],
  ];
  for (const [title, given, stated, text] of one) {
    it(`refuses ${title}, declared or not`, () => {
      assert.deepEqual(check([given]), [`${QUOTA}: namespaceSelector is ${stated}: ${text}`]);
      assert.deepEqual(check([given, space()]), check([given]));
    });
  }

  it("holds webhooks that fail open too, and mutating ones, and tells the configuration", () => {
    const matchExpressions = [notIn("kube-system")];
    const given = webhook({ failurePolicy: "Ignore", namespaceSelector: { matchExpressions } }, MUTATING);
    assert.deepEqual(
      [...ownNamespaceProblems([given], [])],
      [
        {
          message: `Mutating${QUOTA.slice("Validating".length)}: namespaceSelector is ${JSON.stringify({ matchExpressions })}: ${ownText}`,
          subject: given,
        },
      ],
    );
  });

  it("looks at every webhook, and lets go those of `exceptions` only", () => {
    const webhooks = [{ name: "excepted" }, { ...goodWebhook, name: "good" }, {}];
    const given = subject(VALIDATING, { webhooks });
    assert.deepEqual(
      check([given], ["excepted", "except"]).map((message) => /webhook "(\w+)"/.exec(message)?.[1]),
      ["2"],
    );
  });

  describe("on a namespace that is left out by name", () => {
    const vain = (label: string, value = "enabled"): string =>
      `Namespace "system": label ${label} is "${value}": remove it, webhook "quota.carrel.dev" leaves "carrel-system" out by name`;

    it("refuses the label that asks for the webhook, and tells the namespace", () => {
      const namespace = space({ [OPT_IN]: "enabled", app: "carrel" });
      assert.deepEqual(
        [...ownNamespaceProblems([webhook(), namespace], [])],
        [{ message: vain(OPT_IN), subject: namespace }],
      );
      assert.deepEqual(check([namespace, webhook()]), [vain(OPT_IN)]);
    });

    it("knows a namespace without a name by its name in the program", () => {
      const unnamed = subject("core/v1:Namespace", { metadata: { labels: { [OPT_IN]: "enabled" } } }, "carrel-system");
      assert.equal(check([unnamed, webhook()]).length, 1);
    });

    it("refuses a label that is only asked to be there", () => {
      const given = expressions(
        { key: "a", operator: "NotIn", values: ["b"] },
        { key: "on", operator: "Exists" },
        notIn("carrel-system", "kube-system"),
      );
      assert.deepEqual(check([space({ on: "1" }), given]), [vain("on", "1")]);
      assert.deepEqual(check([space({ on: "1", a: "b" }), given]), []);
    });

    it("takes labels that do not ask for it", () => {
      assert.deepEqual(check([webhook(), space({ [OPT_IN]: "disabled" })]), []);
      assert.deepEqual(check([webhook(), space()]), []);
      assert.deepEqual(check([expressions(notIn("carrel-system", "kube-system")), space({ app: "carrel" })]), []);
    });

    it("takes the label where the webhook is asked", () =>
      assert.deepEqual(check([webhook(), space({ [OPT_IN]: "enabled" }, "carrel-work")]), []));
  });
});
