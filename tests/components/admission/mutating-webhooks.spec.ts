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

const [quota, defaults, mirror] = [
  "primehub.io/resources-validation-webhook",
  "carrel.dev/pod-defaults",
  "primehub.io/image-mutation-webhook",
];
const off = (label: string) => ({ key: label, operator: "NotIn", values: ["enabled"] });
const selecting = (matchLabels: Record<string, string>, ...without: string[]) => ({
  matchLabels,
  matchExpressions: [...without.map(off), notOurs],
});

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

const images = [created, { ...pods, operations: ["UPDATE"], resources: ["pods/ephemeralcontainers"] }];
const again = { reinvocationPolicy: "IfNeeded" };

/** Word for word: who reads the cluster's objects has to find this. */
const configuration = (podDefaults: FailurePolicy, imageMirror: FailurePolicy) => {
  const isTogether = podDefaults === "Ignore";
  const both = webhook("pod-defaults-image-mirror.carrel.dev", "/pod-defaults-image-mirror", imageMirror, {
    ...again,
    namespaceSelector: selecting({ [defaults]: "enabled", [mirror]: "enabled" }),
    rules: images,
  });
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name: "library-mutation", labels: labels("admission") },
    webhooks: [
      webhook("guard.carrel.dev", "/guard", "Ignore", {
        namespaceSelector: selecting({ [quota]: "enabled" }),
        matchConditions: [
          {
            name: "carries-guard",
            expression: `object.spec.?initContainers.orValue([]).exists(c, c.name == '${GUARD_NAME}')`,
          },
        ],
      }),
      ...(isTogether ? [both] : []),
      webhook("pod-defaults.carrel.dev", "/pod-defaults", podDefaults, {
        ...again,
        namespaceSelector: selecting({ [defaults]: "enabled" }, ...(isTogether ? [mirror] : [])),
      }),
      webhook("pod-defaults-kubeflow.carrel.dev", "/pod-defaults", podDefaults, {
        ...again,
        namespaceSelector: selecting({ "app.kubernetes.io/part-of": "kubeflow-profile" }, defaults),
      }),
      webhook("image-mirror.carrel.dev", "/image-mirror", imageMirror, {
        ...again,
        namespaceSelector: selecting({ [mirror]: "enabled" }, ...(isTogether ? [defaults] : [])),
        rules: images,
      }),
    ],
  };
};

describe("MutatingWebhooks", () => {
  it("is one configuration of the guard, PodDefaults and the mirror, in that order, both in one call where both are on", async () => {
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
    it(`fails as each is configured, in calls of their own where PodDefaults fail closed: PodDefaults ${podDefaults}, mirror ${imageMirror}`, async () => {
      const { inputs } = resourceOf(await build(podDefaults, imageMirror), "changes-configuration");
      assert.deepEqual(inputs, configuration(podDefaults, imageMirror));
    });
  }
});
