import { PolicyPack } from "@pulumi/policy";
import { defaultDeny } from "./rules/default-deny.ts";
import { imageByDigest } from "./rules/image-by-digest.ts";
import { namespaceLabels } from "./rules/namespace-labels.ts";
import { podSecurityRestricted } from "./rules/pod-security-restricted.ts";
import { rbacNoWildcard } from "./rules/rbac-no-wildcard.ts";
import { secretNotInEnv } from "./rules/secret-not-in-env.ts";
import { webhookFailurePolicy } from "./rules/webhook-failure-policy.ts";
import { webhookNamespaceSelector } from "./rules/webhook-namespace-selector.ts";
import { webhookOwnNamespace } from "./rules/webhook-own-namespace.ts";
import { webhookSideEffects } from "./rules/webhook-side-effects.ts";

// The constructor serves the pack: this module runs only in the process that an engine starts.
new PolicyPack("carrel", {
  description: "What a Carrel stack has to keep to, checked before anything is changed.",
  enforcementLevel: "mandatory",
  policies: [
    webhookFailurePolicy,
    webhookNamespaceSelector,
    webhookOwnNamespace,
    webhookSideEffects,
    imageByDigest,
    podSecurityRestricted,
    rbacNoWildcard,
    namespaceLabels,
    secretNotInEnv,
    defaultDeny,
  ],
});
