import assert from "node:assert/strict";
import fc from "fast-check";
import { formatBytes, parseQuantity } from "../../../../quota/quantity.ts";
import {
  claimFinding,
  claimPatch,
  type LiveClaim,
  ORPHANED_SINCE,
  planClaim,
  refusedFinding,
} from "../../../../services/controllers/claims/plan.ts";
import { type WantedClaim, wantedClaim } from "../../../../services/controllers/claims/wanted.ts";

const wants = (size: string): WantedClaim =>
  wantedClaim({ kind: "Group", name: "physics" }, { metadata: { name: "physics" }, spec: { volume: { size } } }) ??
  assert.fail();
const live = (storage: string, more: Partial<LiveClaim> = {}): LiveClaim => ({
  metadata: { name: "group-physics", resourceVersion: "7" },
  spec: { resources: { requests: { storage } }, storageClassName: "standard" },
  status: { phase: "Bound", capacity: { storage } },
  ...more,
});
const since = { name: "group-physics", annotations: { [ORPHANED_SINCE]: "1970-01-01T00:00:00.000Z" } };

const storageOf = ({ spec }: LiveClaim): string => spec.resources?.requests?.storage ?? assert.fail();

/** A claim after what has to be done is done. */
function step(wanted: WantedClaim | undefined, claim: LiveClaim): LiveClaim {
  const action = planClaim(wanted, claim, 0);
  const annotations =
    action.kind === "mark" ? action.since && { [ORPHANED_SINCE]: action.since } : claim.metadata.annotations;
  const metadata = { name: claim.metadata.name, ...(annotations && { annotations }) };
  return live(action.kind === "grow" ? action.to : storageOf(claim), { metadata });
}

describe("planClaim", () => {
  it("makes what is missing, and grows what is too small", () => {
    assert.deepEqual(planClaim(wants("2Gi"), undefined, 0), { kind: "create" });
    assert.deepEqual(planClaim(wants("2Gi"), live("1Gi"), 0), { kind: "grow", from: "1Gi", to: "2Gi" });
    assert.deepEqual(planClaim(undefined, undefined, 0), { kind: "none" });
  });

  it("compares amounts, not how they are written, and never shrinks", () => {
    for (const size of ["1Gi", "1024Mi", "1073741824", "1", "1G"])
      assert.deepEqual(planClaim(wants(size), live("1Gi"), 0), { kind: "none" }, size);
  });

  it("waits with growth for the volume, and does nothing to a claim that goes", () => {
    assert.deepEqual(planClaim(wants("2Gi"), live("1Gi", { status: { phase: "Pending" } }), 0), { kind: "none" });
    const deletionTimestamp = "2026-01-01T00:00:00Z";
    const going = live("1Gi", { metadata: { name: "group-physics", deletionTimestamp } });
    assert.deepEqual([planClaim(wants("2Gi"), going, 0).kind, planClaim(undefined, going, 0).kind], ["none", "none"]);
  });

  it("marks an orphan once, and takes the mark away when it is asked for again", () => {
    assert.deepEqual(planClaim(undefined, live("1Gi"), 0), { kind: "mark", since: "1970-01-01T00:00:00.000Z" });
    const marked = live("1Gi", { metadata: since });
    assert.deepEqual(planClaim(undefined, marked, 9), { kind: "none" });
    const action = planClaim(wants("2Gi"), marked, 9);
    assert.deepEqual(action, { kind: "mark", since: undefined });
    assert.deepEqual(claimPatch(action, live("1Gi")), {
      metadata: { resourceVersion: "7", annotations: { [ORPHANED_SINCE]: null } },
    });
  });

  it("never shrinks, and is content after what it does, whatever is asked for in whatever order", () => {
    const bytes = fc.bigInt({ min: 1n, max: 2n ** 50n });
    fc.assert(
      fc.property(bytes, fc.array(fc.option(bytes), { maxLength: 8 }), (first, sizes) => {
        let claim = live(formatBytes(first));
        let most = first;
        for (const size of sizes) {
          const wanted = size === null ? undefined : wants(formatBytes(size));
          // To take a mark away is a step of its own.
          claim = step(wanted, step(wanted, claim));
          if (size !== null && size > most) most = size;
          assert.deepEqual(planClaim(wanted, claim, 0), { kind: "none" });
          assert.equal(parseQuantity(storageOf(claim), "whole"), most);
          assert.equal(claim.metadata.annotations?.[ORPHANED_SINCE] !== undefined, wanted === undefined);
        }
      }),
    );
  });
});

describe("claimPatch", () => {
  it("is of the version that was looked at, and of one field", () => {
    assert.deepEqual(claimPatch({ kind: "grow", from: "1Gi", to: "2Gi" }, live("1Gi")), {
      metadata: { resourceVersion: "7" },
      spec: { resources: { requests: { storage: "2Gi" } } },
    });
    assert.equal(claimPatch({ kind: "none" }, live("1Gi")), undefined);
  });
});

describe("claimFinding", () => {
  const of = (size: string, claim: LiveClaim) => Object.values(claimFinding(wants(size), claim));

  it("is ready when it is bound, with what people should know", () => {
    assert.deepEqual(of("1Gi", live("1Gi")), ["bound", "True", "Bound", ""]);
    assert.deepEqual(of("1Gi", live("2Gi")), [
      ...["bound", "True", "Bound"],
      "it has 2Gi, more than the 1Gi that are asked for: a claim never shrinks",
    ]);
    const growing = live("2Gi", { status: { phase: "Bound", capacity: { storage: "1Gi" } } });
    assert.deepEqual(of("2Gi", growing).at(-1), "it grows from 1Gi to 2Gi");
    const { message } = claimFinding({ ...wants("1Gi"), storageClass: "fast" }, live("1Gi"));
    assert.equal(message, "it is of the class standard, not fast: a claim keeps its class");
  });

  it("is not known while it waits, and not ready when its volume is lost or somebody deletes it", () => {
    const inPhase = (phase: string) => of("1Gi", live("1Gi", { status: { phase } })).slice(0, 3);
    assert.deepEqual(inPhase("Pending"), ["pending", "Unknown", "Pending"]);
    assert.deepEqual(inPhase("Lost"), ["lost", "False", "Lost"]);
    const metadata = { name: "group-physics", deletionTimestamp: "2026-01-01T00:00:00Z" };
    assert.deepEqual(of("1Gi", live("1Gi", { metadata })).slice(0, 3), ["terminating", "False", "Terminating"]);
  });

  it("says of a refusal what stays as it is", () => {
    assert.equal(refusedFinding("a", undefined, "no quota").message, "claim a cannot be made: no quota");
    assert.deepEqual(refusedFinding("a", live("1Gi"), "no class"), {
      ...{ state: "refused", status: "False", reason: "NotGrown" },
      message: "claim a stays at 1Gi, and is mounted as before: no class",
    });
  });
});
