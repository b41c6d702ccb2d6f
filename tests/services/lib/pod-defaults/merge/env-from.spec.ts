import assert from "node:assert/strict";
import { mergeEnvFrom } from "../../../../../services/lib/pod-defaults/merge/env-from.ts";
import { mergedContainer, podDefault } from "../support.ts";

const secret = { secretRef: { name: "s" } };
const prefixed = { prefix: "P_", configMapRef: { name: "c" } };

describe("envFrom", () => {
  it("is appended where it is not there, and never twice", () => {
    const sources = [podDefault("a", { envFrom: [secret, prefixed] }), podDefault("b", { envFrom: [prefixed] })];
    const { container, gifts } = mergedContainer(mergeEnvFrom, { envFrom: [secret] }, sources);
    assert.deepEqual(container?.envFrom, [secret, prefixed]);
    assert.deepEqual(
      gifts.map(({ key, outcome }) => [key, outcome]),
      [
        ["secret s", "kept"],
        ["config map c as P_*", "added"],
        ["config map c as P_*", "kept"],
      ],
    );
  });

  it("takes a source of a kind that it does not know as it is", () => {
    const { container, gifts } = mergedContainer(mergeEnvFrom, {}, [podDefault("a", { envFrom: [{ futureRef: {} }] })]);
    assert.deepEqual([container?.envFrom, gifts[0]?.key], [[{ futureRef: {} }], "config map unnamed"]);
  });

  it("does not conflict, because the order of sources decides", () => {
    const optional = { secretRef: { name: "s", optional: true } };
    const { container, conflicts } = mergedContainer(mergeEnvFrom, { envFrom: [secret] }, [
      podDefault("a", { envFrom: [optional] }),
    ]);
    assert.deepEqual([container?.envFrom, conflicts], [[secret, optional], []]);
  });
});
