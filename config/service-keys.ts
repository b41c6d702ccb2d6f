import { meshProxies } from "../services/lib/pod-defaults/types.ts";
import { checkAccelerator, resourceOf } from "./accelerators.ts";
import * as checks from "./checks.ts";
import { checkAuthorities, checkCommonName } from "./client-certificate.ts";
import type { Key } from "./key.ts";

/** The keys of what the platform's services do. */
export const serviceKeys = {
  "admission.replicas": {
    type: "integer",
    default: 2,
    description: "Replicas of the webhook, 2 to 9.",
    example: "3",
    check: checks.checkWholeNumber(2, 9),
    fix: "2 are enough for one to be replaced while the other answers",
  },
  "admission.logLevel": {
    type: "string",
    default: "info",
    options: ["debug", "info", "warn", "error"],
    description: "Least severity that the webhook logs: `debug`, `info`, `warn` or `error`. Rolls its pods.",
    example: "debug",
    fix: "choose one of them",
  },
  "admission.bypassServiceAccounts": {
    type: "list of strings",
    default: [],
    description: "Service accounts, as `namespace:name`, that may create pods which belong to no group.",
    example: "velero:velero",
    check: checks.checkServiceAccount,
    fix: "write it as in velero:velero",
  },
  "admission.clientCa": {
    type: "string",
    absent: "every address of `network.controlPlaneCidrs` may call",
    description:
      "PEM of the authorities that sign the API server's client certificate for webhooks; calls without one are refused. A change rolls no pods.",
    example: '"$(cat ca.crt)"',
    // Somebody may paste a key.
    secret: true,
    check: checkAuthorities,
    fix: 'give the text of the authority\'s certificate, as in `pulumi config set --path carrel:admission.clientCa "$(cat ca.crt)"`',
  },
  "admission.clientNames": {
    type: "list of strings",
    default: [],
    description:
      "Common names that the client certificate may have, with `clientCa`; empty is any. Rolls the webhook's pods.",
    example: "kube-apiserver-webhooks",
    check: checkCommonName,
    fix: "write the subject's common name alone, as in kube-apiserver-webhooks",
  },
  "quota.accelerators": {
    type: "list of strings",
    default: [],
    distinctBy: resourceOf,
    description:
      "Extended resources that count as GPUs beside the usual ones, as `resource=weight` in GPUs a unit; a name may end in `*`.",
    example: "vendor.example/gpu-slice=0.5",
    check: checkAccelerator,
    fix: "write it as in vendor.example/gpu-slice=0.5 or vendor.example/slice-*=143m",
  },
  "imageMirror.rules": {
    type: "list of rules",
    default: [],
    description:
      "Images below `from` come from below `to`, both a registry or a registry with a repository; the longest prefix decides.",
    example: "docker.io",
    fix: "write from: and to: without scheme, tag and wildcard, as in docker.io and mirror.example.org/hub",
  },
  "imageMirror.exempt": {
    type: "list of strings",
    default: [],
    description: "Prefixes whose images are left alone, also inside a rule's `from` and with `onMissing: refuse`.",
    example: "registry.example.org",
    fix: "write a registry, or a registry and a repository, as in registry.example.org/team",
  },
  "imageMirror.onMissing": {
    type: "string",
    default: "keep",
    options: ["keep", "refuse"],
    description: "What to do with an image that no rule covers: `keep` it, or `refuse` its pod.",
    example: "refuse",
    fix: "keep leaves images that no rule covers, refuse refuses their pods",
  },
  "imageMirror.failurePolicy": {
    type: "string",
    default: "Ignore",
    options: ["Ignore", "Fail"],
    description: "While admission is down: `Ignore` lets pods keep their images, `Fail` refuses them.",
    example: "Fail",
    fix: "Ignore lets pods keep their images while admission is down, Fail refuses them",
  },
  "podDefaults.failurePolicy": {
    type: "string",
    default: "Ignore",
    options: ["Ignore", "Fail"],
    description: "While admission is down: `Ignore` lets pods start without their PodDefaults, `Fail` refuses them.",
    example: "Fail",
    fix: "Ignore lets pods start without PodDefaults while admission is down, Fail refuses them",
  },
  "podDefaults.untouchedContainers": {
    type: "list of strings",
    default: [...meshProxies],
    description: "Names of containers that PodDefaults leave alone, where a PodDefault does not name its own.",
    example: "istio-proxy",
    check: checks.checkContainerName,
    fix: "name one container, as in istio-proxy",
  },
  "podDefaults.installKubeflowCrd": {
    type: "boolean",
    default: true,
    description: "Whether Kubeflow's PodDefault kind is installed too; `false` where Kubeflow has brought its own.",
    example: "false",
    fix: "write true or false",
  },
  "certificates.validityDays": {
    type: "integer",
    default: 365,
    description: "Days for which a certificate is valid, 2 to 3650.",
    example: "365",
    check: checks.checkWholeNumber(2, 3650),
    fix: "write days, as in 365",
  },
  "certificates.renewalDays": {
    type: "integer",
    default: 90,
    description: "Days before its end from which a deployment renews a certificate; fewer than `validityDays`.",
    example: "90",
    check: checks.checkWholeNumber(1, 3649),
    fix: "write days, fewer than carrel:certificates.validityDays",
  },
} as const satisfies Readonly<Record<string, Key>>;
