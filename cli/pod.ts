import { FieldReader } from "../services/lib/pod-defaults/field-reader.ts";
import {
  isObject,
  type JsonObject,
  type Named,
  type Pod,
  type VolumeMount,
} from "../services/lib/pod-defaults/types.ts";
import { UserError } from "../services/lib/user-error.ts";
import { isOf, kindsOf, type Manifest, manifestsOf } from "./manifests.ts";

function metadataProblems(metadata: unknown): readonly string[] {
  const read = new FieldReader(metadata, "metadata");
  for (const field of ["name", "generateName", "namespace"]) read.string(field);
  for (const field of ["labels", "annotations"]) read.stringMap(field);
  return read.reasons;
}

function containerProblems(container: JsonObject, at: string): readonly string[] {
  const read = new FieldReader(container, at);
  read.keyed<Named>("env", ["name"]);
  read.objects("envFrom");
  read.keyed<VolumeMount>("volumeMounts", ["name", "mountPath"]);
  for (const field of ["command", "args"]) read.strings(field);
  return read.reasons;
}

/** Of required node terms alone, which PodDefaults are combined with; other rules are only appended to. */
function affinityProblems(affinity: JsonObject | undefined): readonly string[] {
  const at = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution";
  const node = affinity?.["nodeAffinity"];
  const required = isObject(node) ? node["requiredDuringSchedulingIgnoredDuringExecution"] : undefined;
  const read = new FieldReader(required, at);
  const inTerms = read.objects("nodeSelectorTerms").flatMap((term, i) => {
    const fields = new FieldReader(term, `${at}.nodeSelectorTerms[${i}]`);
    for (const field of ["matchExpressions", "matchFields"]) fields.objects(field);
    return fields.reasons;
  });
  return [...read.reasons, ...inTerms];
}

function specProblems(spec: unknown): readonly string[] {
  const read = new FieldReader(spec, "spec");
  const inContainers = ["containers", "initContainers"].flatMap((list) =>
    read
      .keyed<Named>(list, ["name"])
      .flatMap((container) => containerProblems(container, `spec.${list} "${container.name}"`)),
  );
  read.keyed<Named>("volumes", ["name"]);
  for (const list of ["tolerations", "imagePullSecrets"]) read.objects(list);
  read.stringMap("nodeSelector");
  const inAffinity = affinityProblems(read.object("affinity"));
  read.string("serviceAccountName");
  read.boolean("automountServiceAccountToken");
  return [...read.reasons, ...inContainers, ...inAffinity];
}

/** The one pod of a text, whose fields that PodDefaults meet have the types of the API. @throws UserError */
export function podOf(text: string, where: string): Pod {
  const manifests = manifestsOf(text, where);
  const [pod, ...others] = manifests.filter((manifest) => isOf(manifest, "v1", "Pod"));
  if (pod === undefined || others.length > 0) {
    const given = pod === undefined ? kindsOf(manifests) : `${others.length + 1} Pods`;
    throw new UserError("not-one-pod", `${where} has ${given}: give the manifest of one Pod of v1`);
  }
  refuse(pod, [...metadataProblems(pod.object["metadata"]), ...specProblems(pod.object["spec"])]);
  return pod.object as Pod;
}

/** @throws UserError where there are problems */
export function refuse({ where }: Manifest, reasons: readonly string[]): void {
  if (reasons.length === 0) return;
  const problems = reasons.map((reason) => `${where}: ${reason}`);
  throw new UserError("manifest-fields", problems.join("; "), { problems });
}
