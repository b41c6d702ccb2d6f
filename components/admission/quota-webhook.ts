import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { ownerAnnotations, ownerLabels } from "../../quota/owner.ts";
import { Part } from "../core/component.ts";
import { commonLabels, ENABLED, QUOTA_NAMESPACE_LABEL } from "../core/labels.ts";
import { clientConfig, type WebhookTarget } from "./client-config.ts";
import { selectorWithout } from "./never-selected.ts";

export interface QuotaWebhookArgs extends WebhookTarget {
  readonly prefix: string;
}

const TIMEOUT_SECONDS = 5;

/** A CEL expression that is true where one of our keys differs between the new object and the old one. */
function differs(field: "labels" | "annotations", keys: readonly string[]): string {
  const list = keys.map((key) => `'${key}'`).join(", ");
  const of = (object: string): string => `${object}.metadata.?${field}.orValue({})[?key].orValue('')`;
  return `[${list}].exists(key, ${of("object")} != ${of("oldObject")})`;
}

/** Changes of a pod that say nothing about its owner or its size are no business of quota. */
const relevant = [
  "request.operation == 'CREATE'",
  "request.subResource == 'resize'",
  differs("labels", ownerLabels),
  differs("annotations", ownerAnnotations),
].join(" || ");

const pods = { apiGroups: [""], apiVersions: ["v1"], scope: "Namespaced" };

/** What the API server asks admission about. */
const webhook = {
  name: "quota.carrel.dev",
  admissionReviewVersions: ["v1"],
  failurePolicy: "Fail",
  matchPolicy: "Equivalent",
  sideEffects: "NoneOnDryRun",
  timeoutSeconds: TIMEOUT_SECONDS,
  matchConditions: [{ name: "owner-or-size", expression: relevant }],
  rules: [
    { ...pods, operations: ["CREATE"], resources: ["pods"] },
    { ...pods, operations: ["UPDATE"], resources: ["pods", "pods/resize"] },
  ],
};

/**
 * `quota.carrel.dev`. It fails closed, so it is called only in namespaces that opted in, and in the platform's own and
 * the cluster's not even then: they start without it.
 */
export class QuotaWebhook extends Part {
  constructor(name: string, args: QuotaWebhookArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:admission:QuotaWebhook", name, opts);
    const namespaceSelector = selectorWithout(args.prefix, { matchLabels: { [QUOTA_NAMESPACE_LABEL]: ENABLED } });
    new k8s.admissionregistration.v1.ValidatingWebhookConfiguration(
      this.child("configuration"),
      {
        metadata: { name: `${args.prefix}-quota`, labels: commonLabels("admission") },
        webhooks: [{ ...webhook, namespaceSelector, clientConfig: clientConfig(args, "/quota") }],
      },
      this.inside,
    );
    this.registerOutputs({});
  }
}
