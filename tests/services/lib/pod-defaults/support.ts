import assert from "node:assert/strict";
import jsonPatch from "fast-json-patch";
import type { Conflict } from "../../../../services/lib/pod-defaults/conflict.ts";
import type { Gift, Merge, Target } from "../../../../services/lib/pod-defaults/merge/keyed-list.ts";
import { normalisePodDefault } from "../../../../services/lib/pod-defaults/normalise.ts";
import { type Operation, PatchWriter } from "../../../../services/lib/pod-defaults/patch.ts";
import { inOrder } from "../../../../services/lib/pod-defaults/select.ts";
import type { Container, JsonObject, Pod, PodDefault, PodSpec } from "../../../../services/lib/pod-defaults/types.ts";

/** A manifest as the API server would serve it. */
export function manifest(name: string, spec: JsonObject, resourceVersion = "1") {
  return { metadata: { name, namespace: "lab", resourceVersion }, spec };
}

export function podDefault(name: string, spec: JsonObject, resourceVersion = "1"): PodDefault {
  const normalised = normalisePodDefault(manifest(name, spec, resourceVersion));
  assert.ok(normalised.ok, JSON.stringify(normalised));
  return normalised.podDefault;
}

export function podOf(spec: PodSpec = {}, metadata: Pod["metadata"] = {}): Pod {
  return {
    metadata: { name: "pod-0", namespace: "lab", ...metadata },
    spec: { containers: [{ name: "main" }], ...spec },
  };
}

/** The document after the operations, by an engine that is not ours; the given one stays as it is. */
export function patched<T>(document: T, operations: readonly Operation[]): T {
  const copy = structuredClone(document);
  const problem = jsonPatch.validate(structuredClone(operations) as jsonPatch.Operation[], copy);
  assert.equal(problem, undefined, problem?.message);
  return jsonPatch.applyPatch(copy, structuredClone(operations) as jsonPatch.Operation[], true).newDocument;
}

interface Merged {
  readonly operations: readonly Operation[];
  readonly conflicts: readonly Conflict[];
  readonly gifts: readonly Gift[];
  readonly pod: Pod;
}

/** Runs one merge alone. */
export function mergedPod(mergeField: (merge: Merge) => void, pod: Pod, sources: readonly PodDefault[]): Merged {
  const frozen = JSON.stringify(pod);
  const merge = { pod, sources: sources.toSorted(inOrder), patch: new PatchWriter(pod), conflicts: [], gifts: [] };
  mergeField(merge);
  assert.equal(JSON.stringify(pod), frozen, "the merge changed the pod itself");
  const { operations } = merge.patch;
  return { operations, conflicts: merge.conflicts, gifts: merge.gifts, pod: patched(pod, operations) };
}

/** Runs the merge of a container's field on a pod whose second container it is. */
export function mergedContainer(
  mergeField: (merge: Merge, target: Target) => void,
  container: Partial<Container>,
  sources: readonly PodDefault[],
): Merged & { readonly container: Container | undefined } {
  const main = { name: "main", ...container };
  const pod = podOf({ containers: [{ name: "first" }, main] });
  const result = mergedPod(
    (merge) => mergeField(merge, { path: ["spec", "containers", 1], container: main, sources: merge.sources }),
    pod,
    sources,
  );
  return { ...result, container: result.pod.spec?.containers?.[1] };
}
