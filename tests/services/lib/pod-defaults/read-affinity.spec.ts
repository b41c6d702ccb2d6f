import assert from "node:assert/strict";
import { readAffinity } from "../../../../services/lib/pod-defaults/read-affinity.ts";
import type { JsonObject } from "../../../../services/lib/pod-defaults/types.ts";

const required = "requiredDuringSchedulingIgnoredDuringExecution";
const preferred = "preferredDuringSchedulingIgnoredDuringExecution";

function reasonsOf(given: JsonObject): readonly string[] {
  const reasons: string[] = [];
  readAffinity(given, "spec.affinity", reasons);
  return reasons;
}

describe("readAffinity", () => {
  it("takes the parts of an affinity to pieces", () => {
    const expression = { key: "gpu", operator: "Exists" };
    const affinity = {
      nodeAffinity: {
        [required]: { nodeSelectorTerms: [{ matchExpressions: [expression] }] },
        [preferred]: [{ weight: 1 }],
      },
      podAntiAffinity: { [required]: [{ topologyKey: "zone" }] },
    };
    const reasons: string[] = [];
    assert.deepEqual(readAffinity(affinity, "spec.affinity", reasons), {
      nodeTerms: [{ matchExpressions: [expression], matchFields: [] }],
      lists: [
        { path: ["nodeAffinity", preferred], items: [{ weight: 1 }] },
        { path: ["podAntiAffinity", required], items: [{ topologyKey: "zone" }] },
      ],
    });
    assert.deepEqual(reasons, []);
  });

  it("is nothing where there is none", () => {
    assert.deepEqual(readAffinity(undefined, "spec.affinity", []), { nodeTerms: [], lists: [] });
    assert.deepEqual(readAffinity({ nodeAffinity: null }, "spec.affinity", []), { nodeTerms: [], lists: [] });
  });

  it("says once what is not as Kubernetes has it", () => {
    const terms = (term: unknown) => ({ nodeAffinity: { [required]: { nodeSelectorTerms: [term] } } });
    const at = `spec.affinity.nodeAffinity.${required}.nodeSelectorTerms[0]`;
    assert.deepEqual(reasonsOf(terms({})), [`${at} is empty and would match no node: remove it`]);
    assert.deepEqual(reasonsOf(terms({ matchFields: "x" })), [`${at}.matchFields must be a list, got "x"`]);
    assert.deepEqual(reasonsOf(terms("x")), [`${at} must be an object, got "x"`]);
    assert.deepEqual(reasonsOf({ podAffinity: [] }), ["spec.affinity.podAffinity must be an object, got []"]);
    assert.deepEqual(reasonsOf({ podAffinity: { [required]: {} } }), [
      `spec.affinity.podAffinity.${required} must be a list, got {}`,
    ]);
    assert.deepEqual(reasonsOf({ nodeAffinity: { [required]: [] } }), [
      `spec.affinity.nodeAffinity.${required} must be an object, got []`,
    ]);
  });
});
