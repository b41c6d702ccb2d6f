import assert from "node:assert/strict";
import { type Conflict, conflictMessage, conflictText } from "../../../../services/lib/pod-defaults/conflict.ts";

const conflict: Conflict = {
  podDefault: "proxy",
  field: "env",
  key: "HTTP_PROXY",
  container: "main",
  value: { name: "HTTP_PROXY", value: "a" },
  otherValue: { name: "HTTP_PROXY", value: "b" },
};

describe("conflict texts", () => {
  it("name object, field and both values", () => {
    assert.equal(
      conflictText(conflict),
      'PodDefault "proxy" sets env "HTTP_PROXY" of container "main" to {"name":"HTTP_PROXY","value":"a"}, ' +
        'but the pod has {"name":"HTTP_PROXY","value":"b"}',
    );
    const { container: _, ...ofPod } = conflict;
    assert.equal(
      conflictText({ ...ofPod, field: "labels", key: "app", other: "base", value: "a", otherValue: undefined }),
      'PodDefault "proxy" sets labels "app" to "a", but PodDefault "base" sets nothing',
    );
  });

  it("cut a long value", () => {
    const text = conflictText({ ...conflict, value: "x".repeat(500) });
    assert.ok(text.includes(`to "${"x".repeat(199)}…, but`), text);
    assert.ok(conflictText({ ...conflict, value: "x".repeat(198) }).includes(`to "${"x".repeat(198)}", but`));
  });

  it("say that nothing is applied, and why", () => {
    assert.equal(
      conflictMessage([conflict]),
      `no PodDefault is applied because of a conflict: ${conflictText(conflict)}`,
    );
    assert.equal(
      conflictMessage([conflict, conflict]),
      `no PodDefault is applied because of 2 conflicts: ${conflictText(conflict)}; ${conflictText(conflict)}`,
    );
  });
});
