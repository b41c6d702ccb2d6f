import type { Selector } from "./selector.ts";

/** Excludes a pod where its value is `true`, as upstream. */
export const EXCLUDE_ANNOTATION = "poddefault.admission.kubeflow.org/exclude";
/** The API server's copy of a static pod: nothing may change it. */
export const MIRROR_ANNOTATION = "kubernetes.io/config.mirror";
/** Which PodDefaults a pod got, as `name=resourceVersion` in the order of application. */
export const PROVENANCE_ANNOTATION = "carrel.dev/pod-defaults-applied";
/** Proxies of service meshes; a variable or a mount of a notebook can break them and with them the pod's network. */
export const meshProxies: ReadonlySet<string> = new Set(["istio-proxy", "linkerd-proxy"]);

/** A JSON object of which only some fields are looked at. */
export type JsonObject = Readonly<Record<string, unknown>>;
export type StringMap = Readonly<Record<string, string>>;
export type Entry = readonly [key: string, value: string];
type List<T> = readonly T[] | null;

/** An element of a list that Kubernetes keys by name: a variable, a volume, a pull secret. */
export interface Named {
  readonly name: string;
  readonly [field: string]: unknown;
}

export interface VolumeMount extends Named {
  readonly mountPath: string;
}

export interface Container extends Named {
  readonly command?: List<string>;
  readonly args?: List<string>;
  readonly env?: List<Named>;
  readonly envFrom?: List<JsonObject>;
  readonly volumeMounts?: List<VolumeMount>;
  /** `Always` on an init container makes it a native sidecar. */
  readonly restartPolicy?: string;
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
  readonly tolerationSeconds?: number | null;
}

/** Terms are alternatives; within one, every expression has to hold. */
export interface NodeSelectorTerm {
  readonly matchExpressions?: List<JsonObject>;
  readonly matchFields?: List<JsonObject>;
}

/** The parts of an affinity, each a list; `required` of nodes is the list of its terms. */
export interface Affinity {
  readonly nodeTerms: readonly NodeSelectorTerm[];
  /** Lists whose elements all hold or all count, by their place in the affinity. */
  readonly lists: readonly { readonly path: readonly [string, string]; readonly items: readonly JsonObject[] }[];
}

export interface PodSpec {
  readonly containers?: List<Container>;
  readonly initContainers?: List<Container>;
  readonly volumes?: List<Named>;
  readonly tolerations?: List<Toleration>;
  readonly imagePullSecrets?: List<Named>;
  readonly nodeSelector?: StringMap | null;
  readonly affinity?: JsonObject | null;
  readonly serviceAccountName?: string | null;
  readonly automountServiceAccountToken?: boolean | null;
}

/** The part of a pod that PodDefaults look at or change. */
export interface Pod {
  readonly metadata?: {
    readonly name?: string;
    readonly generateName?: string;
    readonly namespace?: string;
    readonly labels?: StringMap | null;
    readonly annotations?: StringMap | null;
  } | null;
  readonly spec?: PodSpec | null;
}

/** A `kubeflow.org/v1alpha1 PodDefault` as it comes from the API; its spec is not trusted. */
export interface KubeflowPodDefault {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion?: string };
  readonly spec?: unknown;
}

/** A PodDefault that was read and checked once, so that an admission only looks things up. */
export interface PodDefault {
  readonly name: string;
  readonly namespace: string;
  readonly resourceVersion: string;
  /** The higher is applied first, and wins where one value replaces another. */
  readonly priority: number;
  readonly selector: Selector;
  readonly env: readonly Named[];
  readonly envFrom: readonly JsonObject[];
  readonly volumeMounts: readonly VolumeMount[];
  readonly command: readonly string[] | undefined;
  readonly args: readonly string[] | undefined;
  readonly volumes: readonly Named[];
  readonly tolerations: readonly Toleration[];
  readonly imagePullSecrets: readonly Named[];
  readonly labels: readonly Entry[];
  readonly annotations: readonly Entry[];
  readonly nodeSelector: readonly Entry[];
  readonly affinity: Affinity;
  readonly serviceAccountName: string | undefined;
  readonly automountServiceAccountToken: boolean | undefined;
  /** Native sidecars are among them, after the others. */
  readonly initContainers: readonly Container[];
  readonly sidecars: readonly Container[];
  /** The only containers that get container fields; absent, every container of `spec.containers`. */
  readonly targetContainers: ReadonlySet<string> | undefined;
  /** Containers that never get any; absent, those of the settings. */
  readonly untouchedContainers: ReadonlySet<string> | undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member of a map that people fill, without what every JavaScript object inherits. */
export function ownValue<T>(map: Readonly<Record<string, T>> | null | undefined, key: string): T | undefined {
  return map && Object.hasOwn(map, key) ? map[key] : undefined;
}
