import { sameAfterDefaulting } from "../equality.ts";
import { affinityLists, REQUIRED } from "../read-affinity.ts";
import { isObject, type JsonObject, type NodeSelectorTerm, type PodDefault } from "../types.ts";
import type { Merge } from "./keyed-list.ts";
import { mergeUnique } from "./unique-list.ts";

type Expressions = readonly JsonObject[] | null | undefined;

function includesAll(present: Expressions, wanted: Expressions): boolean {
  return (wanted ?? []).every((item) => (present ?? []).some((other) => sameAfterDefaulting(other, item)));
}

/** Whether every node of `term` is one of `wanted` too. */
function implies(term: NodeSelectorTerm, wanted: NodeSelectorTerm): boolean {
  return (
    includesAll(term.matchExpressions, wanted.matchExpressions) && includesAll(term.matchFields, wanted.matchFields)
  );
}

const lengthOf = (list: Expressions): number => list?.length ?? 0;
const matchesNothing = ({ matchExpressions, matchFields }: NodeSelectorTerm): boolean =>
  lengthOf(matchExpressions) + lengthOf(matchFields) === 0;

/** Only what has elements, because that is how the API server stores it. */
function both(a: NodeSelectorTerm, b: NodeSelectorTerm): NodeSelectorTerm {
  const matchExpressions = [...(a.matchExpressions ?? []), ...(b.matchExpressions ?? [])];
  const matchFields = [...(a.matchFields ?? []), ...(b.matchFields ?? [])];
  return {
    ...(matchExpressions.length > 0 ? { matchExpressions } : {}),
    ...(matchFields.length > 0 ? { matchFields } : {}),
  };
}

/** Terms for nodes of both lists: each term as it is where it implies a wanted one, else with each of the wanted. */
export function nodesOfBoth(
  terms: readonly NodeSelectorTerm[],
  wanted: readonly NodeSelectorTerm[],
): readonly NodeSelectorTerm[] {
  const isNarrow = (term: NodeSelectorTerm): boolean =>
    matchesNothing(term) || wanted.some((other) => implies(term, other));
  if (terms.every(isNarrow)) return terms;
  return terms.flatMap((term) => (isNarrow(term) ? [term] : wanted.map((other) => both(term, other))));
}

function part(affinity: unknown, ...path: readonly string[]): unknown {
  return path.reduce((value: unknown, key) => (isObject(value) ? value[key] : undefined), affinity);
}

function listAt(affinity: unknown, ...path: readonly string[]): readonly JsonObject[] | undefined {
  const list = part(affinity, ...path);
  return Array.isArray(list) ? list : undefined;
}

function mergeNodeTerms({ pod, patch, gifts }: Merge, sources: readonly PodDefault[]): void {
  const path = ["nodeAffinity", REQUIRED, "nodeSelectorTerms"];
  const present: readonly NodeSelectorTerm[] | undefined = listAt(pod.spec?.affinity, ...path);
  let terms = present;
  for (const { name, affinity } of sources) {
    if (affinity.nodeTerms.length === 0) continue;
    const next =
      terms === undefined ? affinity.nodeTerms.map((term) => both(term, {})) : nodesOfBoth(terms, affinity.nodeTerms);
    const outcome = next === terms ? "kept" : "added";
    gifts?.push({ podDefault: name, field: "affinity", key: "nodeAffinity required", outcome });
    terms = next;
  }
  if (terms !== present) patch.set(["spec", "affinity", ...path], terms);
}

/** Adds rules of placement so that the pod's and those of every PodDefault hold together; nothing can conflict. */
export function mergeAffinity(merge: Merge): void {
  const sources = merge.sources.filter(({ affinity }) => affinity.nodeTerms.length + affinity.lists.length > 0);
  if (sources.length === 0) return;
  mergeNodeTerms(merge, sources);
  for (const place of affinityLists) {
    const [group, kind] = place;
    mergeUnique(
      merge,
      {
        field: "affinity",
        itemsOf: ({ affinity }) => affinity.lists.flatMap(({ path, items }) => (path === place ? items : [])),
        keyOf: () => `${group} ${kind === REQUIRED ? "required" : "preferred"}`,
        same: sameAfterDefaulting,
      },
      { path: ["spec", "affinity", group, kind], present: listAt(merge.pod.spec?.affinity, group, kind), sources },
    );
  }
}
