import assert from "node:assert/strict";
import { changeSummary, Display, hasChanges, type Summary, summaryJson } from "../../lab/engine/display.ts";
import type { StepEvent } from "../../lab/engine/steps.ts";
import { Secret } from "../../lab/engine/values.ts";

const urn = (type: string, name: string): string => `urn:pulumi:dev::shop::${type}::${name}`;
const [stack, box] = [urn("pulumi:pulumi:Stack", "shop-dev"), urn("a:b:Box", "box")];
const [inner, other, same, failed] = [
  urn("a:b:Box$a:b:Inner", "inner"),
  urn("a:b:Other", "other"),
  urn("a:b:Same", "same"),
  urn("a:b:Bad", "bad"),
];
const event = (of: string, operation: StepEvent["operation"], more: Partial<StepEvent> = {}): StepEvent => ({
  ...{ urn: of, operation, changes: [], durationMs: 1234 },
  ...more,
});
const summary: Summary = {
  stack: "dev",
  preview: true,
  events: [
    event(stack, "same"),
    event(box, "same"),
    event(inner, "update", {
      changes: [
        { path: "size", kind: "update", old: 1, new: 2 },
        { path: "name", kind: "update", old: "a", new: "b", replaces: true },
        { path: "gone", kind: "delete", old: [1] },
        { path: "long", kind: "add", new: "x".repeat(400) },
      ],
    }),
    event(same, "same"),
    event(other, "create"),
    event(failed, "create", { error: "no luck" }),
    event(urn("a:b:Old", "old"), "delete"),
  ],
  parents: new Map([
    [box, stack],
    [inner, box],
    [other, stack],
    [same, stack],
    [failed, stack],
  ]),
  policies: {
    packs: ["lengths 1.0.0"],
    results: [{ policy: "rule", pack: "lengths", mandatory: true, urn: box, message: "first\nsecond" }],
  },
  errors: ["it went wrong"],
  outputs: { open: { a: 1 }, hidden: new Secret("hush") },
  durationMs: 61_234,
};

function shown(use: (display: Display) => void, color = false): string {
  let text = "";
  use(
    new Display({
      write: (more) => {
        text += more;
      },
      color,
      everyField: false,
    }),
  );
  return text;
}

describe("what a run displays", () => {
  it("is a tree of what changes, below the parents that do not", () => {
    assert.equal(
      shown((display) => display.tree(summary)),
      `    pulumi:pulumi:Stack  shop-dev
       a:b:Box  box
 ~        a:b:Inner  inner
                ~ size: 1 => 2
                ~ name: "a" => "b" (replaces)
                - gone: [1]
                + long: "${"x".repeat(299)}… (402 characters)
 +     a:b:Other  other
 +     a:b:Bad  bad  error: no luck
 -  a:b:Old  old
`,
    );
  });

  it("ends with policies, diagnostics, outputs without secrets, and totals", () => {
    assert.equal(
      shown((display) => display.summary(summary)),
      `
Policies:
    lengths 1.0.0: 1 violation(s)
    [mandatory] rule  (a:b:Box: box)
        first
        second

Diagnostics:
  error: it went wrong

Outputs:
    open: {"a":1}
    hidden: "[secret]"

Resources:
    3 unchanged
    ~ 1 to update
    + 2 to create
    - 1 to delete

Duration: 61.2s
`,
    );
    const done = { ...summary, preview: false, policies: { packs: [], results: [] }, errors: [], outputs: {} };
    assert.equal(
      shown((display) => display.summary(done)),
      "\nResources:\n    3 unchanged\n    ~ 1 updated\n    + 2 created\n    - 1 deleted\n\nDuration: 61.2s\n",
    );
  });

  it("is a line per step that did something, or failed", () => {
    const lines = shown((display) => {
      for (const each of [event(same, "same"), event(other, "create"), event(inner, "replace")]) display.step(each);
      display.step(event(failed, "delete", { error: "busy" }));
      display.pending([{ type: "creating", resource: { urn: other, custom: true, type: "a:b:Other" } }]);
    });
    assert.equal(
      lines,
      ` +  a:b:Other other created (1.2s)
 +- a:b:Inner inner replaced (1.2s)
 -  a:b:Bad bad FAILED: busy (1.2s)
warning: an earlier run was interrupted while creating ${other}; this run settles it
`,
    );
  });

  it("is coloured on terminals alone", () => {
    assert.equal(
      shown((display) => display.step(event(other, "create")), true),
      "\u001b[32m +  a:b:Other other created (1.2s)\u001b[39m\n",
    );
  });

  it("is also one document", () => {
    assert.deepEqual(summaryJson({ ...summary, events: summary.events.slice(4, 6) }), {
      stack: "dev",
      preview: true,
      steps: [
        { op: "create", urn: other, detailedDiff: [] },
        { op: "create", urn: failed, detailedDiff: [], error: "no luck" },
      ],
      policies: summary.policies,
      diagnostics: [{ severity: "error", message: "it went wrong" }],
      outputs: { open: { a: 1 }, hidden: "[secret]" },
      changeSummary: { create: 2 },
      durationMs: 61_234,
    });
  });

  it("counts steps, of which reads and unchanged ones are no changes", () => {
    assert.deepEqual(changeSummary(summary.events), { same: 3, update: 1, create: 2, delete: 1 });
    assert.equal(hasChanges([event(same, "same"), event(other, "read")]), false);
    assert.equal(hasChanges([event(same, "same"), event(other, "refresh")]), true);
  });
});
