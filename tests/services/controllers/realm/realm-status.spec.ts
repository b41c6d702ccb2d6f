import assert from "node:assert/strict";
import type { Happening, Regarding } from "../../../../services/controllers/events.ts";
import { RealmStatus } from "../../../../services/controllers/realm/realm-status.ts";
import { KubeError } from "../../../../services/lib/kube/errors.ts";

const ready = { type: "Ready", status: "True", reason: "Applied", message: "ok" } as const;

describe("RealmStatus", () => {
  let stored: { data?: Record<string, string> } | undefined;
  let writes: number;
  let told: unknown[];
  beforeEach(() => {
    stored = undefined;
    writes = 0;
    told = [];
  });
  const status = (): RealmStatus =>
    new RealmStatus({
      client: {
        get: async () => {
          if (!stored) throw new KubeError(404, undefined, "GET");
          return stored as never;
        },
        patch: async (_ref, _namespace, _name, body) => {
          writes++;
          stored = body as typeof stored;
          return body as never;
        },
      },
      clock: { now: () => 0, monotonicMs: () => 0, sleep: async () => {} },
      events: { write: async (regarding: Regarding, happening: Happening) => void told.push([regarding, happening]) },
      namespace: "ns",
    });

  it("writes what is news, and nothing else", async () => {
    const one = status();
    assert.equal(await one.applied(), undefined);
    await one.report(ready, { declaration: "d1", changes: ["client hub: made"] });
    await one.report(ready, { declaration: "d1" });
    assert.deepEqual(
      [writes, stored?.data],
      [
        1,
        {
          conditions: JSON.stringify([{ ...ready, lastTransitionTime: "1970-01-01T00:00:00.000Z" }]),
          changes: "1970-01-01T00:00:00.000Z client hub: made",
          declaration: "d1",
        },
      ],
    );
  });

  it("goes on where the process before it ended", async () => {
    await status().report(ready, { declaration: "d1", changes: ["a"] });
    const next = status();
    assert.equal(await next.applied(), "d1");
    await next.report({ ...ready, status: "Unknown" }, { changes: Array.from({ length: 60 }, (_, i) => `c${i}`) });
    const lines = stored?.data?.["changes"]?.split("\n") ?? [];
    assert.deepEqual(
      [lines.length, lines.at(-1), stored?.data?.["declaration"]],
      [50, "1970-01-01T00:00:00.000Z c59", "d1"],
    );
  });

  it("survives an edited ConfigMap", async () => {
    stored = { data: { conditions: "{" } };
    await status().report(ready);
    assert.equal(writes, 1);
  });

  it("tells what happens on its ConfigMap", async () => {
    const happening = { type: "Normal", reason: "r", action: "a", note: "n" } as const;
    await status().tell(happening);
    assert.deepEqual(told, [
      [{ apiVersion: "v1", kind: "ConfigMap", namespace: "ns", name: "carrel-realm" }, happening],
    ]);
  });
});
