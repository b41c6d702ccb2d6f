import assert from "node:assert/strict";
import { ClaimStatus } from "../../../../services/controllers/claims/claim-status.ts";
import { foreignFinding } from "../../../../services/controllers/claims/plan.ts";
import type { OwnerObject } from "../../../../services/controllers/claims/wanted.ts";
import { groupRef } from "../../../../services/controllers/group/group-status.ts";
import { KubeError } from "../../../../services/lib/kube/errors.ts";

const clock = { now: () => 0, monotonicMs: () => 0, sleep: async () => {} };
const found = foreignFinding("group-physics");
const condition = {
  ...{ type: "ClaimReady", status: "False", reason: "NotOurs", message: found.message },
  ...{ observedGeneration: 2, lastTransitionTime: "1970-01-01T00:00:00.000Z" },
};
const group = (conditions: object[] = [], generation = 2): OwnerObject =>
  ({ metadata: { name: "physics", generation }, spec: {}, status: { conditions } }) as unknown as OwnerObject;

describe("ClaimStatus", () => {
  let written: unknown[][];
  const patch = async (...args: unknown[]): Promise<never> => void written.push(args) as never;
  const status = new ClaimStatus({ client: { patch }, clock });
  beforeEach(() => {
    written = [];
  });

  it("applies one condition, by a field manager of its own", async () => {
    assert.equal(await status.tell(groupRef, group(), found), true);
    const body = {
      ...{ apiVersion: "carrel.dev/v1", kind: "Group", metadata: { name: "physics" } },
      status: { conditions: [condition] },
    };
    const how = { type: "apply", fieldManager: "carrel-claims", force: true, subresource: "status" };
    assert.deepEqual(written, [[groupRef, undefined, "physics", body, how]]);
  });

  it("writes nothing that is known, and is no news where only the generation is new", async () => {
    assert.equal(await status.tell(groupRef, group([condition]), found), false);
    assert.equal(written.length, 0);
    assert.equal(await status.tell(groupRef, group([condition], 3), found), false);
    assert.equal(written.length, 1);
  });

  it("takes the condition away where no claim is asked for", async () => {
    await status.tell(groupRef, group(), undefined);
    await status.tell(groupRef, group([condition]), undefined);
    const bodies = written.map(([, , , body]) => (body as { status: object }).status);
    assert.deepEqual(bodies, [{ conditions: [] }]);
  });

  it("does not mind that the object is gone", async () => {
    const gone = { patch: () => Promise.reject(new KubeError(404, undefined, "PATCH")) };
    await new ClaimStatus({ client: gone, clock }).tell(groupRef, group(), found);
  });
});
