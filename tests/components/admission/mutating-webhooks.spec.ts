import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { type FailurePolicy, MutatingWebhooks } from "../../../components/admission/mutating-webhooks.ts";
import { GUARD_NAME } from "../../../services/lib/guard/guard-patch.ts";
import { type Registered, recordParts, resourceOf } from "../../support/mocks.ts";
import { labels } from "../support.ts";
import { notOurs } from "./not-ours.ts";

async function build(podDefaults: FailurePolicy, imageMirror: FailurePolicy): Promise<readonly Registered[]> {
  const args = {
    prefix: "library",
    caPem: pulumi.output("the authority's PEM"),
    service: { name: pulumi.output("admission"), namespace: pulumi.output("library-system") },
    podDefaults: { failurePolicy: podDefaults },
    imageMirror: { failurePolicy: imageMirror },
  };
  const { resources } = await recordParts((opts) => new MutatingWebhooks("changes", args, opts));
  return resources;
}

const pods = { apiGroups: [""], apiVersions: ["v1"], scope: "Namespaced" };
const created = { ...pods, operations: ["CREATE"], resources: ["pods"] };

const labelled = (label: string) => ({ matchLabels: { [label]: "enabled" }, matchExpressions: [notOurs] });

const webhook = (name: string, path: string, failurePolicy: FailurePolicy, rest: object) => ({
  name,
  admissionReviewVersions: ["v1"],
  failurePolicy,
  matchPolicy: "Equivalent",
  sideEffects: "None",
  timeoutSeconds: 3,
  rules: [created],
  clientConfig: {
    caBundle: Buffer.from("the authority's PEM").toString("base64"),
    service: { name: "admission", namespace: "library-system", path, port: 443 },
  },
  ...rest,
});

/** Word for word: who reads the cluster's objects has to find this. */
const configuration = (podDefaults: FailurePolicy, imageMirror: FailurePolicy) => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "MutatingWebhookConfiguration",
  metadata: { name: "library-mutation", labels: labels("admission") },
  webhooks: [
    webhook("guard.carrel.dev", "/guard", "Ignore", {
      namespaceSelector: labelled("primehub.io/resources-validation-webhook"),
      matchConditions: [
        {
          name: "carries-guard",
          expression: `object.spec.?initContainers.orValue([]).exists(c, c.name == '${GUARD_NAME}')`,
        },
      ],
    }),
    webhook("pod-defaults.carrel.dev", "/pod-defaults", podDefaults, {
      reinvocationPolicy: "IfNeeded",
      namespaceSelector: labelled("carrel.dev/pod-defaults"),
    }),
    webhook("pod-defaults-kubeflow.carrel.dev", "/pod-defaults", podDefaults, {
      reinvocationPolicy: "IfNeeded",
      namespaceSelector: {
        matchExpressions: [
          { key: "app.kubernetes.io/part-of", operator: "In", values: ["kubeflow-profile"] },
          { key: "carrel.dev/pod-defaults", operator: "NotIn", values: ["enabled"] },
          notOurs,
        ],
      },
    }),
    webhook("image-mirror.carrel.dev", "/image-mirror", imageMirror, {
      reinvocationPolicy: "IfNeeded",
      namespaceSelector: labelled("primehub.io/image-mutation-webhook"),
      rules: [created, { ...pods, operations: ["UPDATE"], resources: ["pods/ephemeralcontainers"] }],
    }),
  ],
});

describe("MutatingWebhooks", () => {
  it("is one configuration of the guard, PodDefaults and the mirror, in that order", async () => {
    assert.deepEqual(await build("Ignore", "Ignore"), [
      {
        type: "carrel:admission:MutatingWebhooks",
        name: "changes",
        parent: "",
        provider: "",
        dependsOn: [],
        inputs: {},
      },
      {
        type: "kubernetes:admissionregistration.k8s.io/v1:MutatingWebhookConfiguration",
        name: "changes-configuration",
        parent: "changes",
        provider: "cluster",
        dependsOn: [],
        inputs: configuration("Ignore", "Ignore"),
      },
    ]);
  });

  const policies: readonly [FailurePolicy, FailurePolicy][] = [
    ["Fail", "Ignore"],
    ["Ignore", "Fail"],
    ["Fail", "Fail"],
  ];
  for (const [podDefaults, imageMirror] of policies) {
    it(`fails as each is configured, the guard always open: PodDefaults ${podDefaults}, mirror ${imageMirror}`, async () => {
      const { inputs } = resourceOf(await build(podDefaults, imageMirror), "changes-configuration");
      assert.deepEqual(inputs, configuration(podDefaults, imageMirror));
    });
  }
});
