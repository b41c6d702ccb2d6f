import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { QuotaWebhook } from "../../../components/admission/quota-webhook.ts";
import { recordParts } from "../../support/mocks.ts";
import { labels } from "../support.ts";
import { notOurs } from "./not-ours.ts";

/** Word for word: who reads the cluster's objects has to find this. */
const expression = [
  "request.operation == 'CREATE'",
  "request.subResource == 'resize'",
  "['carrel.dev/group', 'carrel.dev/user', 'primehub.io/group', 'primehub.io/user'].exists(key, " +
    "object.metadata.?labels.orValue({})[?key].orValue('') != oldObject.metadata.?labels.orValue({})[?key].orValue(''))",
  "['carrel.dev/group-name', 'carrel.dev/user-name'].exists(key, " +
    "object.metadata.?annotations.orValue({})[?key].orValue('') != oldObject.metadata.?annotations.orValue({})[?key].orValue(''))",
].join(" || ");

const pods = { apiGroups: [""], apiVersions: ["v1"], scope: "Namespaced" };

const configuration = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingWebhookConfiguration",
  metadata: { name: "library-quota", labels: labels("admission") },
  webhooks: [
    {
      name: "quota.carrel.dev",
      admissionReviewVersions: ["v1"],
      failurePolicy: "Fail",
      matchPolicy: "Equivalent",
      sideEffects: "NoneOnDryRun",
      timeoutSeconds: 5,
      namespaceSelector: {
        matchLabels: { "primehub.io/resources-validation-webhook": "enabled" },
        matchExpressions: [notOurs],
      },
      matchConditions: [{ name: "owner-or-size", expression }],
      rules: [
        { ...pods, operations: ["CREATE"], resources: ["pods"] },
        { ...pods, operations: ["UPDATE"], resources: ["pods", "pods/resize"] },
      ],
      clientConfig: {
        caBundle: Buffer.from("the authority's PEM").toString("base64"),
        service: { name: "admission", namespace: "library-system", path: "/quota", port: 443 },
      },
    },
  ],
};

describe("QuotaWebhook", () => {
  it("is one validating webhook that fails closed, in namespaces that opted in, but never in the platform's own", async () => {
    const { resources } = await recordParts(
      (opts) =>
        new QuotaWebhook(
          "quota",
          {
            prefix: "library",
            caPem: pulumi.output("the authority's PEM"),
            service: { name: pulumi.output("admission"), namespace: pulumi.output("library-system") },
          },
          opts,
        ),
    );
    assert.deepEqual(resources, [
      { type: "carrel:admission:QuotaWebhook", name: "quota", parent: "", provider: "", dependsOn: [], inputs: {} },
      {
        type: "kubernetes:admissionregistration.k8s.io/v1:ValidatingWebhookConfiguration",
        name: "quota-configuration",
        parent: "quota",
        provider: "cluster",
        dependsOn: [],
        inputs: configuration,
      },
    ]);
  });
});
