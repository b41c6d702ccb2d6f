import type { CustomResourceDefinition, FromSchema, Schema } from "./schema.ts";

const GROUP = "kubeflow.org";
const VERSION = "v1alpha1";

const text = { type: "string" } as const satisfies Schema;
const flag = { type: "boolean" } as const satisfies Schema;
const texts = { type: "array", items: text } as const satisfies Schema;
const textMap = { type: "object", additionalProperties: text } as const satisfies Schema;

/** Types of Kubernetes that are large, or grow with its releases: kept whole, and checked when the pod is made. */
const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true } as const;
const anythingNamed = { ...anything, required: ["name"], properties: { name: text } } as const;
const listOf = <const S extends Schema>(items: S) => ({ type: "array", items }) as const;

const NAME = "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";
const PREFIX = "[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const labelValue = { type: "string", pattern: `^(${NAME})?$`, maxLength: 63 } as const satisfies Schema;

/** What upstream's webhook cannot convert, and refuses every pod of the namespace for, is refused here, when it is written. */
const expression = {
  type: "object",
  required: ["key", "operator"],
  properties: {
    key: { type: "string", pattern: `^(${PREFIX}/)?${NAME}$`, maxLength: 317 },
    operator: { type: "string", enum: ["In", "NotIn", "Exists", "DoesNotExist"] },
    values: { type: "array", items: labelValue },
  },
  "x-kubernetes-validations": [
    {
      rule: "self.operator == 'In' || self.operator == 'NotIn' ? has(self.values) && size(self.values) > 0 : true",
      message: "values must have a value with the operators In and NotIn",
    },
    {
      rule: "self.operator == 'Exists' || self.operator == 'DoesNotExist' ? !has(self.values) || size(self.values) == 0 : true",
      message: "values must be empty with the operators Exists and DoesNotExist",
    },
  ],
} as const satisfies Schema;

const reference = (properties: Readonly<Record<string, Schema>> = {}) =>
  ({ type: "object", properties: { name: text, optional: flag, ...properties } }) as const satisfies Schema;
const keyReference = { ...reference({ key: text }), required: ["key"] } as const satisfies Schema;

const env = {
  type: "object",
  required: ["name"],
  properties: {
    name: text,
    value: text,
    valueFrom: { ...anything, properties: { configMapKeyRef: keyReference, secretKeyRef: keyReference } },
  },
} as const;

const envFrom = {
  type: "object",
  properties: { prefix: text, configMapRef: reference(), secretRef: reference() },
} as const satisfies Schema;

const volumeMount = {
  type: "object",
  required: ["name", "mountPath"],
  properties: {
    name: text,
    mountPath: text,
    subPath: text,
    subPathExpr: text,
    mountPropagation: text,
    recursiveReadOnly: text,
    readOnly: flag,
  },
} as const satisfies Schema;

const toleration = {
  type: "object",
  properties: { key: text, operator: text, value: text, effect: text, tolerationSeconds: { type: "integer" } },
} as const satisfies Schema;

const spec = {
  type: "object",
  required: ["selector"],
  properties: {
    selector: {
      type: "object",
      description: "Pods that get this; an empty one selects every pod of the namespace",
      properties: {
        matchLabels: { type: "object", additionalProperties: labelValue },
        matchExpressions: { type: "array", items: expression },
      },
    },
    desc: { type: "string", description: "For people who choose" },
    env: listOf(env),
    envFrom: listOf(envFrom),
    volumes: listOf(anythingNamed),
    volumeMounts: listOf(volumeMount),
    tolerations: listOf(toleration),
    imagePullSecrets: listOf({ type: "object", properties: { name: text } }),
    labels: textMap,
    annotations: textMap,
    command: texts,
    args: texts,
    serviceAccountName: text,
    automountServiceAccountToken: flag,
    initContainers: listOf(anythingNamed),
    sidecars: listOf(anythingNamed),
    nodeSelector: { ...textMap, description: "Carrel: labels that the pod's node has to have" },
    affinity: { ...anything, description: "Carrel: rules of placement that hold beside the pod's own" },
    priority: { type: "integer", description: "Carrel: the higher is applied first and wins. Default 0" },
    targetContainers: {
      ...texts,
      description: "Carrel: the only containers that get env, envFrom, volumeMounts, command and args",
    },
    untouchedContainers: {
      ...texts,
      description: "Carrel: containers that never get them. Default: the proxies of service meshes",
    },
  },
} as const satisfies Schema;

const status = {
  type: "object",
  properties: {
    observedGeneration: { type: "integer" },
    conditions: {
      type: "array",
      items: {
        type: "object",
        required: ["type", "status"],
        properties: {
          type: text,
          status: text,
          reason: text,
          message: text,
          lastTransitionTime: text,
          observedGeneration: { type: "integer" },
        },
      },
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["type"],
    },
  },
} as const satisfies Schema;

/** Kubeflow's PodDefault, with what Carrel adds to it. */
export interface KubeflowPodDefault {
  readonly apiVersion: `${typeof GROUP}/${typeof VERSION}`;
  readonly kind: "PodDefault";
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion?: string };
  readonly spec?: FromSchema<typeof spec>;
  readonly status?: FromSchema<typeof status>;
}

const schema = {
  type: "object",
  description: "What pods get that its selector selects, when they are created",
  // As upstream, the spec may be absent.
  properties: { apiVersion: text, kind: text, metadata: { type: "object" }, spec, status },
} as const satisfies Schema;

const columns = [
  { name: "Description", type: "string", jsonPath: ".spec.desc" },
  { name: "Priority", type: "integer", jsonPath: ".spec.priority" },
  { name: "Usable", type: "string", jsonPath: '.status.conditions[?(@.type=="Usable")].status' },
  { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
];

/** A drop-in for the one that Kubeflow's webhook brings, in a fortieth of its bytes. */
export const kubeflowPodDefaultDefinition: CustomResourceDefinition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `poddefaults.${GROUP}` },
  spec: {
    group: GROUP,
    names: { kind: "PodDefault", listKind: "PodDefaultList", plural: "poddefaults", singular: "poddefault" },
    scope: "Namespaced",
    versions: [
      {
        name: VERSION,
        served: true,
        storage: true,
        schema: { openAPIV3Schema: schema },
        subresources: { status: {} },
        additionalPrinterColumns: columns,
      },
    ],
  },
};
