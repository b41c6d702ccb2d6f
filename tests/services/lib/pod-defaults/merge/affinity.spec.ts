import assert from "node:assert/strict";
import fc from "fast-check";
import { mergeAffinity, nodesOfBoth } from "../../../../../services/lib/pod-defaults/merge/affinity.ts";
import type { NodeSelectorTerm } from "../../../../../services/lib/pod-defaults/types.ts";
import { mergedPod, podDefault, podOf } from "../support.ts";

const required = "requiredDuringSchedulingIgnoredDuringExecution";
const preferred = "preferredDuringSchedulingIgnoredDuringExecution";
const label = (key: string) => ({ key, operator: "Exists" });
const term = (...keys: string[]): NodeSelectorTerm => ({ matchExpressions: keys.map(label) });
const node = (...nodeSelectorTerms: NodeSelectorTerm[]) => ({ nodeAffinity: { [required]: { nodeSelectorTerms } } });
const weighted = (weight: number) => ({ weight, preference: term("a") });

/** Kubernetes' rule: one term has to hold, and an empty one never does. */
function admits(terms: readonly NodeSelectorTerm[], labels: readonly string[]): boolean {
  return terms.some(({ matchExpressions, matchFields }) => {
    const all = [...(matchExpressions ?? []), ...(matchFields ?? [])];
    return all.length > 0 && all.every(({ key }) => labels.includes(String(key)));
  });
}

describe("nodesOfBoth", () => {
  const key = fc.constantFrom("a", "b", "c", "d");
  const keys = (minLength: number) => fc.uniqueArray(key, { minLength, maxLength: 3 });
  const terms = (minLength: number) =>
    fc.array(
      keys(minLength).map((list) => term(...list)),
      { minLength: 1, maxLength: 3 },
    );

  it("admits the nodes that both admit, and changes nothing when it is done again", () => {
    fc.assert(
      fc.property(terms(0), terms(1), fc.subarray(["a", "b", "c", "d"]), (given, wanted, labels) => {
        const result = nodesOfBoth(given, wanted);
        assert.equal(admits(result, labels), admits(given, labels) && admits(wanted, labels));
        assert.equal(nodesOfBoth(result, wanted), result);
      }),
      { numRuns: 2000 },
    );
  });

  it("keeps fields beside expressions", () => {
    const fields = [{ key: "metadata.name", operator: "In", values: ["n"] }];
    assert.deepEqual(nodesOfBoth([{ matchFields: fields }], [term("a")]), [
      { matchExpressions: [label("a")], matchFields: fields },
    ]);
  });
});

describe("affinity", () => {
  it("is added with its parents to a pod that has none", () => {
    const source = podDefault("a", {
      affinity: { ...node(term("gpu")), podAffinity: { [preferred]: [{ weight: 1 }] } },
    });
    const { pod, gifts } = mergedPod(mergeAffinity, podOf(), [source]);
    assert.deepEqual(pod.spec?.affinity, { ...node(term("gpu")), podAffinity: { [preferred]: [{ weight: 1 }] } });
    assert.deepEqual(
      gifts.map(({ key }) => key),
      ["nodeAffinity required", "podAffinity preferred"],
    );
  });

  it("appends rules that keep pods apart", () => {
    const podAntiAffinity = { [required]: [{ topologyKey: "zone" }] };
    const { pod, gifts } = mergedPod(mergeAffinity, podOf(), [podDefault("a", { affinity: { podAntiAffinity } })]);
    assert.deepEqual(pod.spec?.affinity, { podAntiAffinity });
    assert.equal(gifts[0]?.key, "podAntiAffinity required");
  });

  it("takes terms by field alone, and as they are", () => {
    const byField = { matchFields: [{ key: "metadata.name", operator: "In", values: ["n"] }] };
    const { pod } = mergedPod(mergeAffinity, podOf(), [podDefault("a", { affinity: node(byField) })]);
    assert.deepEqual(pod.spec?.affinity, node(byField));
  });

  it("narrows the pod's nodes and those of other PodDefaults, and appends other rules once", () => {
    const sources = [
      podDefault("a", { affinity: node(term("x")) }),
      podDefault("b", {
        affinity: { nodeAffinity: { ...node(term("y")).nodeAffinity, [preferred]: [weighted(1), weighted(2)] } },
      }),
      podDefault("c", {}),
    ];
    const own = { nodeAffinity: { ...node(term("own")).nodeAffinity, [preferred]: [weighted(2)] } };
    const first = mergedPod(mergeAffinity, podOf({ affinity: own }), sources);
    assert.deepEqual(first.pod.spec?.affinity, {
      nodeAffinity: { ...node(term("own", "x", "y")).nodeAffinity, [preferred]: [weighted(2), weighted(1)] },
    });
    const second = mergedPod(mergeAffinity, first.pod, sources);
    assert.deepEqual([second.operations, first.conflicts], [[], []]);
    assert.ok(second.gifts.every(({ outcome }) => outcome === "kept"));
  });
});
