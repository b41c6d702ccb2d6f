import assert from "node:assert/strict";
import { mergeCommand } from "../../../../../services/lib/pod-defaults/merge/command.ts";
import { mergedContainer, podDefault } from "../support.ts";

const sources = [
  podDefault("a", { args: ["a1", "a2"] }),
  podDefault("b", { command: ["b"], args: ["b1"] }),
  podDefault("c", { command: ["c"] }),
];

describe("command and args", () => {
  it("each come from the first PodDefault that has them", () => {
    const { container, gifts } = mergedContainer(mergeCommand, {}, sources);
    assert.deepEqual([container?.command, container?.args], [["b"], ["a1", "a2"]]);
    assert.deepEqual(
      gifts.map(({ podDefault, field, key, outcome }) => [podDefault, field, key, outcome]),
      [
        ["b", "command", "b", "added"],
        ["c", "command", "c", "kept"],
        ["a", "args", "a1 a2", "added"],
        ["b", "args", "b1", "kept"],
      ],
    );
  });

  it("leave the container's own, also an empty one, each independent of the other", () => {
    const { container, conflicts } = mergedContainer(mergeCommand, { command: [], args: null }, sources);
    assert.deepEqual([container?.command, container?.args], [[], ["a1", "a2"]]);
    assert.deepEqual(conflicts, []);
  });
});
