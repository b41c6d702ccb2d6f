import type { Sections } from "./configurations.ts";

/** As `wrongConfigurations`, for clients of admission, accelerators and PodDefaults. */
export const wrongServices: readonly (readonly [string, Sections, string])[] = [
  [
    "an authority of clients that is a path",
    { admission: { clientCa: "ca.crt" } },
    'carrel:admission.clientCa: must be certificates in PEM, got [secret]; give the text of the authority\'s certificate, as in `pulumi config set --path carrel:admission.clientCa "$(cat ca.crt)"`',
  ],
  [
    "a key beside an authority of clients",
    { admission: { clientCa: "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n" } },
    'carrel:admission.clientCa: must be certificates only, but there is a PRIVATE KEY, got [secret]; give the text of the authority\'s certificate, as in `pulumi config set --path carrel:admission.clientCa "$(cat ca.crt)"`',
  ],
  [
    "names of clients without an authority",
    { admission: { clientNames: ["kube-apiserver"] } },
    'carrel:admission.clientNames: must be empty without carrel:admission.clientCa, got ["kube-apiserver"]; set carrel:admission.clientCa too, or unset the key',
  ],
  [
    "a subject for a name of clients",
    { admission: { clientNames: ["CN=kube-apiserver"] } },
    'carrel:admission.clientNames[0]: must be a common name alone, got "CN=kube-apiserver"; write "kube-apiserver"',
  ],
  [
    "an accelerator without a weight",
    { quota: { accelerators: ["vendor.example/gpu"] } },
    'carrel:quota.accelerators[0]: must be RESOURCE=WEIGHT, got "vendor.example/gpu"; append how much of a GPU one unit is, as in "vendor.example/gpu=0.5"',
  ],
  [
    "an accelerator with a colon",
    { quota: { accelerators: ["vendor.example/gpu:1"] } },
    'carrel:quota.accelerators[0]: must be RESOURCE=WEIGHT, got "vendor.example/gpu:1"; write it as in vendor.example/gpu-slice=0.5 or vendor.example/slice-*=143m',
  ],
  [
    "an accelerator as an object",
    { quota: { accelerators: [{ "vendor.example/gpu": 0.5 }] } },
    'carrel:quota.accelerators[0]: must be text, got {"vendor.example/gpu":0.5}; write it as in vendor.example/gpu-slice=0.5 or vendor.example/slice-*=143m',
  ],
  [
    "accelerators as one text",
    { quota: { accelerators: "vendor.example/gpu=1" } },
    'carrel:quota.accelerators: must be a list, got "vendor.example/gpu=1"; write it as a list, ["vendor.example/gpu=1"]',
  ],
  [
    "an accelerator without a vendor",
    { quota: { accelerators: ["vendor.example/gpu=1", "gpu=1"] } },
    'carrel:quota.accelerators[1]: must name an extended resource, vendor.example/name or vendor.example/prefix-*, got "gpu=1"; write it as in vendor.example/gpu-slice=0.5 or vendor.example/slice-*=143m',
  ],
  [
    "an accelerator with a wildcard inside",
    { quota: { accelerators: ["vendor.example/mig-*-b=1"] } },
    'carrel:quota.accelerators[0]: must name an extended resource, vendor.example/name or vendor.example/prefix-*, got "vendor.example/mig-*-b=1"; write it as in vendor.example/gpu-slice=0.5 or vendor.example/slice-*=143m',
  ],
  [
    "an accelerator with spaces",
    { quota: { accelerators: ["vendor.example/gpu = 1"] } },
    'carrel:quota.accelerators[0]: must name an extended resource, vendor.example/name or vendor.example/prefix-*, got "vendor.example/gpu = 1"; write "vendor.example/gpu=1"',
  ],
  [
    "a weight of nothing",
    { quota: { accelerators: ["vendor.example/gpu=0.0"] } },
    'carrel:quota.accelerators[0]: must have a decimal weight above 0 and at most 1000, got "vendor.example/gpu=0.0"; write it as in vendor.example/gpu-slice=0.5 or vendor.example/slice-*=143m',
  ],
  [
    "a weight below nothing",
    { quota: { accelerators: ["vendor.example/gpu=-1"] } },
    'carrel:quota.accelerators[0]: must have a decimal weight above 0 and at most 1000, got "vendor.example/gpu=-1"; write it as in vendor.example/gpu-slice=0.5 or vendor.example/slice-*=143m',
  ],
  [
    "an empty weight",
    { quota: { accelerators: ["vendor.example/gpu="] } },
    'carrel:quota.accelerators[0]: must have a decimal weight above 0 and at most 1000, got "vendor.example/gpu="; write it as in vendor.example/gpu-slice=0.5 or vendor.example/slice-*=143m',
  ],
  [
    "a weight with a comma",
    { quota: { accelerators: ["vendor.example/gpu=0,5"] } },
    'carrel:quota.accelerators[0]: must have a decimal weight above 0 and at most 1000, got "vendor.example/gpu=0,5"; write "vendor.example/gpu=0.5"',
  ],
  [
    "a weight of more than any device",
    { quota: { accelerators: ["vendor.example/gpu=1001"] } },
    'carrel:quota.accelerators[0]: must have a decimal weight above 0 and at most 1000, got "vendor.example/gpu=1001"; write it as in vendor.example/gpu-slice=0.5 or vendor.example/slice-*=143m',
  ],
  [
    "two weights for one accelerator",
    { quota: { accelerators: ["a.example/gpu=1", "b.example/gpu=1", "a.example/gpu=0.5"] } },
    'carrel:quota.accelerators[2]: must not repeat carrel:quota.accelerators[0], got "a.example/gpu=0.5"; keep one of the two',
  ],
  [
    "a misspelt key of the quota",
    { quota: { acelerators: [] } },
    "carrel:quota.acelerators: is not a known key; did you mean carrel:quota.accelerators?",
  ],
  [
    "a failure policy of PodDefaults that is a boolean",
    { podDefaults: { failurePolicy: true } },
    "carrel:podDefaults.failurePolicy: must be text, got true; Ignore lets pods start without PodDefaults while admission is down, Fail refuses them",
  ],
  [
    "a failure policy of PodDefaults like no other",
    { podDefaults: { failurePolicy: "Retry" } },
    'carrel:podDefaults.failurePolicy: must be one of Ignore, Fail, got "Retry"; Ignore lets pods start without PodDefaults while admission is down, Fail refuses them',
  ],
  [
    "an untouched container in capitals",
    { podDefaults: { untouchedContainers: ["Proxy"] } },
    'carrel:podDefaults.untouchedContainers[0]: must be a container\'s name, a DNS label of at most 63 characters, got "Proxy"; name one container, as in istio-proxy',
  ],
  [
    "an untouched container with a wildcard",
    { podDefaults: { untouchedContainers: ["istio-*"] } },
    'carrel:podDefaults.untouchedContainers[0]: must be a container\'s name, a DNS label of at most 63 characters, got "istio-*"; name one container, as in istio-proxy',
  ],
  [
    "quoted false",
    { podDefaults: { installKubeflowCrd: "false" } },
    'carrel:podDefaults.installKubeflowCrd: must be true or false, got "false"; write it without quotes',
  ],
  [
    "a word for a boolean",
    { podDefaults: { installKubeflowCrd: "no" } },
    'carrel:podDefaults.installKubeflowCrd: must be true or false, got "no"; write true or false',
  ],
  [
    "a misspelt key of PodDefaults",
    { podDefaults: { installKubeflowCRDs: false } },
    "carrel:podDefaults.installKubeflowCRDs: is not a known key; did you mean carrel:podDefaults.installKubeflowCrd?",
  ],
  [
    "a key of PodDefaults like no other",
    { podDefaults: { telemetry: "on" } },
    "carrel:podDefaults.telemetry: is not a known key; known are carrel:podDefaults.failurePolicy, carrel:podDefaults.untouchedContainers, carrel:podDefaults.installKubeflowCrd",
  ],
  [
    "a misspelt section of PodDefaults",
    { podDefault: {} },
    "carrel:podDefault: is not a known key; did you mean carrel:podDefaults?",
  ],
];
