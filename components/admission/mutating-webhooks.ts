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

// A selector is a conjunction, so that Kubeflow's own profiles need an entry of their own.
const profilesOfKubeflow = [
  { key: "app.kubernetes.io/part-of", operator: "In", values: ["kubeflow-profile"] },
  { key: POD_DEFAULTS_NAMESPACE_LABEL, operator: "NotIn", values: [ENABLED] },
];

type Webhook = k8s.types.input.admissionregistration.v1.MutatingWebhook;

/** In the order in which the API server calls them. */
function webhooksOf(args: MutatingWebhooksArgs): Webhook[] {
  const labelled = (label: string): object => selectorWithout(args.prefix, { matchLabels: { [label]: ENABLED } });
  const podDefaults = {
    ...shared,
    failurePolicy: args.podDefaults.failurePolicy,
    // What another webhook adds may be selected too.
    reinvocationPolicy: "IfNeeded",
    rules: podsCreated,
    clientConfig: clientConfig(args, "/pod-defaults"),
  };
  return [
    {
      ...shared,
      name: "guard.carrel.dev",
      failurePolicy: "Ignore",
      namespaceSelector: labelled(QUOTA_NAMESPACE_LABEL),
      matchConditions: [carriesGuard],
      rules: podsCreated,
      clientConfig: clientConfig(args, "/guard"),
    },
    { ...podDefaults, name: "pod-defaults.carrel.dev", namespaceSelector: labelled(POD_DEFAULTS_NAMESPACE_LABEL) },
    {
      ...podDefaults,
      name: "pod-defaults-kubeflow.carrel.dev",
      namespaceSelector: selectorWithout(args.prefix, { matchExpressions: profilesOfKubeflow }),
    },
    {
      ...shared,
      name: "image-mirror.carrel.dev",
      failurePolicy: args.imageMirror.failurePolicy,
      // Containers that another webhook, or PodDefaults called again, bring later come from the mirror too.
      reinvocationPolicy: "IfNeeded",
      namespaceSelector: labelled(IMAGE_MIRROR_NAMESPACE_LABEL),
      rules: [...podsCreated, { ...pods, operations: ["UPDATE"], resources: ["pods/ephemeralcontainers"] }],
      clientConfig: clientConfig(args, "/image-mirror"),
    },
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
