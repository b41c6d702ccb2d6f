import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import {
  commonLabels,
  ENABLED,
  IMAGE_MIRROR_NAMESPACE_LABEL,
  POD_DEFAULTS_NAMESPACE_LABEL,
  QUOTA_NAMESPACE_LABEL,
} from "../core/labels.ts";
import { clientConfig, type WebhookTarget } from "./client-config.ts";
import { selectorWithout } from "./never-selected.ts";

export type FailurePolicy = "Ignore" | "Fail";

export interface MutatingWebhooksArgs extends WebhookTarget {
  readonly prefix: string;
  readonly podDefaults: { readonly failurePolicy: FailurePolicy };
  readonly imageMirror: { readonly failurePolicy: FailurePolicy };
}

const shared = {
  admissionReviewVersions: ["v1"],
  matchPolicy: "Equivalent",
  sideEffects: "None",
  timeoutSeconds: 3,
};
const pods = { apiGroups: [""], apiVersions: ["v1"], scope: "Namespaced" };
const podsCreated = [{ ...pods, operations: ["CREATE"], resources: ["pods"] }];

/** Pods without the guard are none of its business, so that they cost no call. */
const carriesGuard = {
  name: "carries-guard",
  expression: "object.spec.?initContainers.orValue([]).exists(c, c.name == 'admission-is-not-found')",
};

const [QUOTA, DEFAULTS, MIRROR] = [
  QUOTA_NAMESPACE_LABEL,
  POD_DEFAULTS_NAMESPACE_LABEL,
  IMAGE_MIRROR_NAMESPACE_LABEL,
] as const;
/** Kubeflow's own profiles take PodDefaults without our label. */
const ofKubeflow = { "app.kubernetes.io/part-of": "kubeflow-profile" };
const on = (...labels: string[]) => Object.fromEntries(labels.map((label) => [label, ENABLED]));
const off = (label: string) => ({ key: label, operator: "NotIn", values: [ENABLED] });

// More than its failurePolicy may be configured of each; the API server wants no more.
const failing = ({ failurePolicy }: { readonly failurePolicy: FailurePolicy }) => ({ failurePolicy });

type Webhook = k8s.types.input.admissionregistration.v1.MutatingWebhook;

const guard = {
  ...shared,
  name: "guard.carrel.dev",
  failurePolicy: "Ignore",
  matchConditions: [carriesGuard],
  rules: podsCreated,
};

/** What all that change images or take PodDefaults have in common: what another webhook adds later is theirs as well. */
const again = { ...shared, reinvocationPolicy: "IfNeeded" };
const imagesCome = [...podsCreated, { ...pods, operations: ["UPDATE"], resources: ["pods/ephemeralcontainers"] }];

/**
 * In the order in which the API server calls them. Where a namespace has PodDefaults and the mirror, one call does both:
 * each that changes a pod costs the API server half as much as the creation itself. Their failures cannot be told apart
 * then, so PodDefaults that fail closed are called on their own.
 */
function webhooksOf(args: MutatingWebhooksArgs): Webhook[] {
  const isTogether = args.podDefaults.failurePolicy === "Ignore";
  const without = (label: string) => (isTogether ? [off(label)] : []);
  const where = (matchLabels: Record<string, string>, ...matchExpressions: ReturnType<typeof off>[]) => ({
    namespaceSelector: selectorWithout(args.prefix, { matchLabels, matchExpressions }),
  });
  const at = (path: string) => ({ clientConfig: clientConfig(args, path) });
  const defaults = { ...again, ...failing(args.podDefaults), rules: podsCreated, ...at("/pod-defaults") };
  const mirror = { ...again, ...failing(args.imageMirror), rules: imagesCome };
  const both = { ...mirror, ...where(on(DEFAULTS, MIRROR)), ...at("/pod-defaults-image-mirror") };
  return [
    { ...guard, ...where(on(QUOTA)), ...at("/guard") },
    ...(isTogether ? [{ ...both, name: "pod-defaults-image-mirror.carrel.dev" }] : []),
    { ...defaults, name: "pod-defaults.carrel.dev", ...where(on(DEFAULTS), ...without(MIRROR)) },
    { ...defaults, name: "pod-defaults-kubeflow.carrel.dev", ...where(ofKubeflow, off(DEFAULTS)) },
    { ...mirror, name: "image-mirror.carrel.dev", ...where(on(MIRROR), ...without(DEFAULTS)), ...at("/image-mirror") },
  ];
}

/**
 * What admission changes, in this order: the guard goes, PodDefaults come, and whatever is there then comes from the
 * mirror. By default they fail open: a pod without them is better than no pod.
 */
export class MutatingWebhooks extends Part {
  constructor(name: string, args: MutatingWebhooksArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:admission:MutatingWebhooks", name, opts);
    const metadata = { name: `${args.prefix}-mutation`, labels: commonLabels("admission") };
    new k8s.admissionregistration.v1.MutatingWebhookConfiguration(
      this.child("configuration"),
      { metadata, webhooks: webhooksOf(args) },
      this.inside,
    );
    this.registerOutputs({});
  }
}
