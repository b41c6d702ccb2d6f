import assert from "node:assert/strict";
import fc from "fast-check";
import { type BoundObject, GRACE_MS, planRoles } from "../../../../services/controllers/bindings/plan.ts";
import type { Role } from "../../../../services/lib/keycloak/types.ts";

const ours = { "carrel.dev/managed": ["true"], "carrel.dev/part": ["binding"] };
const role = (name: string, attributes: Record<string, string[]> = ours): Role => ({ id: name, name, attributes });
const image = (name: string): BoundObject => ({ kind: "Image", name, isGlobal: undefined });
const since = (ms: number) => ({ ...ours, "carrel.dev/orphaned-since": [new Date(ms).toISOString()] });

describe("planRoles", () => {
  it("makes the roles that are missing, two for a volume", () => {
    const objects = [image("a"), { ...image("v"), kind: "Volume" as const }];
    assert.deepEqual(planRoles(objects, [role("img:a"), role("other", {})], 0), {
      actions: [
        { kind: "create", role: "ds:v" },
        { kind: "create", role: "ds:rw:v" },
      ],
      orphans: [],
    });
  });

  it("marks an orphan of ours, and removes it an hour later", () => {
    const fresh = role("img:a");
    const marked = role("img:a", since(1_000));
    assert.deepEqual(planRoles([], [fresh], 1_000), {
      actions: [{ kind: "mark", role: fresh, since: "1970-01-01T00:00:01.000Z" }],
      orphans: ["img:a"],
    });
    assert.deepEqual(planRoles([], [marked], 999 + GRACE_MS), { actions: [], orphans: ["img:a"] });
    assert.deepEqual(planRoles([], [marked], 1_000 + GRACE_MS), {
      actions: [{ kind: "remove", role: marked }],
      orphans: [],
    });
  });

  it("forgets the mark of one that came back", () => {
    const marked = role("img:a", since(0));
    assert.deepEqual(planRoles([image("a")], [marked], 10 * GRACE_MS), {
      actions: [{ kind: "mark", role: marked, since: undefined }],
      orphans: [],
    });
  });

  it("never removes a role that others have made, and never one of an object", () => {
    const names = fc.constantFrom("img:a", "it:a", "ds:a", "ds:rw:a", "img:b", "admin");
    const attributes = fc.constantFrom({}, ours, since(0), {
      "carrel.dev/orphaned-since": ["1970-01-01T00:00:00.000Z"],
    });
    const roles = fc.array(fc.record({ name: names, attributes }), { maxLength: 8 });
    fc.assert(
      fc.property(roles, fc.boolean(), (all, isThere) => {
        const { actions } = planRoles(
          isThere ? [image("a")] : [],
          all.map((one) => role(one.name, one.attributes)),
          2 * GRACE_MS,
        );
        for (const action of actions) {
          if (action.kind !== "remove") continue;
          assert.equal(action.role.attributes?.["carrel.dev/part"]?.[0], "binding");
          assert.ok(!isThere || action.role.name !== "img:a");
        }
      }),
    );
  });
});
