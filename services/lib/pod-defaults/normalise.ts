import { FieldReader } from "./field-reader.ts";
import { isAnnotationKey, isLabelKey, isLabelValue } from "./label-syntax.ts";
import { readAffinity } from "./read-affinity.ts";
import { parseSelector } from "./selector.ts";
import {
  type Container,
  type Entry,
  type KubeflowPodDefault,
  type Named,
  type PodDefault,
  PROVENANCE_ANNOTATION,
  type VolumeMount,
} from "./types.ts";

/** A PodDefault that can be used, or every reason why it cannot. */
export type Normalised =
  | { readonly ok: true; readonly podDefault: PodDefault }
  | { readonly ok: false; readonly name: string; readonly namespace: string; readonly reasons: readonly string[] };

type KeyRule = (key: string, value: string) => string | undefined;

const labelRule: KeyRule = (key, value) => {
  if (!isLabelKey(key)) return "is no label key";
  return isLabelValue(value) ? undefined : `has the value "${value}", which is no label value`;
};

const annotationRule: KeyRule = (key) => {
  if (key === PROVENANCE_ANNOTATION) return "is written by Carrel alone";
  return isAnnotationKey(key) ? undefined : "is no annotation key";
};

/** Pairs that the API server would take; it would refuse the whole pod for one that it does not. */
function entries(read: FieldReader, field: string, rule: KeyRule): readonly Entry[] {
  const all = Object.entries(read.stringMap(field));
  for (const [key, value] of all) {
    const problem = rule(key, value);
    if (problem !== undefined) read.reasons.push(`spec.${field}: the key "${key}" ${problem}`);
  }
  return all;
}

/** An empty list is no command, because the API server drops it. */
function commandOf(read: FieldReader, field: "command" | "args"): readonly string[] | undefined {
  const words = read.strings(field);
  return words === undefined || words.length === 0 ? undefined : words;
}

function nameSet(read: FieldReader, field: string): ReadonlySet<string> | undefined {
  const names = read.strings(field);
  return names === undefined ? undefined : new Set(names);
}

const isNative = ({ restartPolicy }: Container): boolean => restartPolicy === "Always";

function containerFields(read: FieldReader) {
  return {
    env: read.keyed<Named>("env", ["name"]),
    envFrom: read.objects("envFrom"),
    volumeMounts: read.keyed<VolumeMount>("volumeMounts", ["name", "mountPath"]),
    command: commandOf(read, "command"),
    args: commandOf(read, "args"),
    targetContainers: nameSet(read, "targetContainers"),
    untouchedContainers: nameSet(read, "untouchedContainers"),
  };
}

function podFields(read: FieldReader) {
  const sidecars = read.keyed<Container>("sidecars", ["name"]);
  return {
    volumes: read.keyed<Named>("volumes", ["name"]),
    tolerations: read.objects("tolerations"),
    imagePullSecrets: read.keyed<Named>("imagePullSecrets", ["name"]),
    labels: entries(read, "labels", labelRule),
    annotations: entries(read, "annotations", annotationRule),
    nodeSelector: entries(read, "nodeSelector", labelRule),
    affinity: readAffinity(read.object("affinity"), "spec.affinity", read.reasons),
    // The API server fills an empty name in before webhooks run, so that it cannot be a value.
    serviceAccountName: read.string("serviceAccountName") || undefined,
    automountServiceAccountToken: read.boolean("automountServiceAccountToken"),
    initContainers: [...read.keyed<Container>("initContainers", ["name"]), ...sidecars.filter(isNative)],
    sidecars: sidecars.filter((sidecar) => !isNative(sidecar)),
  };
}

/**
 * Reads a Kubeflow PodDefault once per change of it. A malformed one affects only itself: it is left out, with every
 * reason, and the others go on.
 */
export function normalisePodDefault({ metadata, spec }: KubeflowPodDefault): Normalised {
  const { name, namespace = "", resourceVersion = "" } = metadata;
  const read = new FieldReader(spec, "spec");
  const podDefault: PodDefault = {
    name,
    namespace,
    resourceVersion,
    priority: read.integer("priority") ?? 0,
    selector: parseSelector(read.raw("selector"), "spec.selector", read.reasons),
    ...containerFields(read),
    ...podFields(read),
  };
  const { reasons } = read;
  return reasons.length === 0 ? { ok: true, podDefault } : { ok: false, name, namespace, reasons };
}
