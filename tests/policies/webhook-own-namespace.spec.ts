import assert from "node:assert/strict";
import { type KubernetesObject, type Subject, subjectsOf } from "../../policies/kubernetes.ts";
import { ownNamespaceProblems } from "../../policies/rules/webhook-own-namespace.ts";
import { recordProgram } from "../stacks/support.ts";
import { MUTATING, subject, VALIDATING, webhook } from "./subjects.ts";

const NAME = "kubernetes.io/metadata.name";
const OPT_IN = "primehub.io/resources-validation-webhook";
const QUOTA = 'ValidatingWebhookConfiguration "admission", webhook "quota.carrel.dev"';
const remedy = `require a label that it does not have, or leave it out by ${NAME} NotIn`;
const ownText = `it selects "carrel-system" (Namespace "system"), where its own service could not start before it answers: ${remedy}`;
const systemText = `it selects kube-system, which the cluster needs to start: ${remedy}`;

const space = (labels: object = {}, name = "carrel-system"): Subject =>
  subject("core/v1:Namespace", { metadata: { name, labels } }, "system");
const check = (subjects: readonly Subject[], exceptions: readonly string[] = []) =>
  [...ownNamespaceProblems(subjects, exceptions)].map(({ message }) => message);
const selecting = (namespaceSelector: object | undefined) => webhook({ namespaceSelector });
const expressions = (...matchExpressions: object[]) => selecting({ matchExpressions });
const notSystem = { key: NAME, operator: "NotIn", values: ["kube-system"] };

describe("webhook-own-namespace", () => {
  it("takes the platform as it is", async () => {
    const { resources } = await recordProgram();
    const subjects = resources.flatMap(({ type, name, inputs }) => subjectsOf(type, name, inputs as KubernetesObject));
    assert.deepEqual(check(subjects), []);
    const all = subjects.filter(({ kind }) => /WebhookConfiguration$|^core\/Namespace$/.test(kind));
    assert.equal(all.length, 4, "and has what the rule looks at");
  });

  const good: [string, Subject, Subject][] = [
    ["a label that the namespace lacks", webhook(), space({ app: "carrel" })],
    ["a label with another value there", webhook(), space({ [OPT_IN]: "disabled" })],
    ["a label that only another namespace has", webhook(), space({ [OPT_IN]: "enabled" }, "carrel-work")],
    [
      "both left out by name",
      expressions({ key: NAME, operator: "NotIn", values: ["carrel-system", "kube-system"] }),
      space(),
    ],
    ["DoesNotExist of its label", expressions(notSystem, { key: "own", operator: "DoesNotExist" }), space({ own: "" })],
    [
      "a url in place of a service",
      webhook({ clientConfig: { url: "https://a.example" } }),
      space({ [OPT_IN]: "enabled" }),
    ],
    ["no address", webhook({ clientConfig: undefined }), space({ [OPT_IN]: "enabled" })],
  ];
  for (const [title, given, namespace] of good) {
    it(`takes ${title}`, () => {
      assert.deepEqual(check([namespace, given]), []);
      assert.deepEqual(check([given, namespace]), []);
    });
  }

  const own: [string, Subject, string, Subject][] = [
    [
      "a label that it has",
      webhook(),
      `{"matchLabels":{"${OPT_IN}":"enabled"}}`,
      space({ [OPT_IN]: "enabled", app: "carrel" }),
    ],
    [
      "its name",
      selecting({ matchLabels: { [NAME]: "carrel-system" } }),
      `{"matchLabels":{"${NAME}":"carrel-system"}}`,
      space(),
    ],
    ["NotIn others", expressions(notSystem), `{"matchExpressions":[${JSON.stringify(notSystem)}]}`, space()],
  ];
  for (const [title, given, stated, namespace] of own) {
    it(`refuses its own namespace by ${title}`, () =>
      assert.deepEqual(check([given, namespace]), [`${QUOTA}: namespaceSelector is ${stated}: ${ownText}`]));
  }

  it("refuses kube-system by name, declared or not, and a selector for all for both", () => {
    const byName = { matchLabels: { [NAME]: "kube-system" } };
    assert.deepEqual(check([selecting(byName)]), [
      `${QUOTA}: namespaceSelector is ${JSON.stringify(byName)}: ${systemText}`,
    ]);
    assert.deepEqual(check([selecting({}), space()]), [
      `${QUOTA}: namespaceSelector is {}: ${systemText}`,
      `${QUOTA}: namespaceSelector is {}: ${ownText}`,
    ]);
    assert.deepEqual(check([selecting(undefined)]), [`${QUOTA}: namespaceSelector is not stated: ${systemText}`]);
  });

  it("holds webhooks that fail open too, and mutating ones, and tells the configuration", () => {
    const given = webhook({ failurePolicy: "Ignore", namespaceSelector: { matchExpressions: [notSystem] } }, MUTATING);
    const problems = [...ownNamespaceProblems([space(), given], [])];
    assert.deepEqual(problems, [
      {
        message: `Mutating${QUOTA.slice("Validating".length)}: namespaceSelector is {"matchExpressions":[${JSON.stringify(notSystem)}]}: ${ownText}`,
        subject: given,
      },
    ]);
  });

  it("looks at every webhook, and lets go those of `exceptions` only", () => {
    const webhooks = [{ name: "excepted" }, { name: "good", namespaceSelector: { matchLabels: { a: "b" } } }, {}];
    const given = subject(VALIDATING, { webhooks });
    assert.deepEqual(
      check([given], ["excepted", "except"]).map((message) => /webhook "(\w+)"/.exec(message)?.[1]),
      ["2"],
    );
  });

  it("knows a namespace without a name by its name in the program", () => {
    const unnamed = subject("core/v1:Namespace", { metadata: { labels: { [OPT_IN]: "enabled" } } }, "carrel-system");
    assert.equal(check([unnamed, webhook()]).length, 1);
  });
});
