import assert from "node:assert/strict";
import fc from "fast-check";
import { type Limits, nothing, unlimited } from "../../../../quota/resources.ts";
import { ownedPod as admissionPod, UsageIndex } from "../../../../services/admission/usage-index.ts";
import type { Usage } from "../../../../services/api/fit.ts";
import { ownedPod, PodUsage } from "../../../../services/api/usage/pod-usage.ts";

const cpu = fc.constantFrom("1", "250m", "nonsense", undefined);
const resources = (limit: string | undefined) => (limit === undefined ? {} : { resources: { limits: { cpu: limit } } });
const pods = fc.record({
  uid: fc.constantFrom("a", "b", "c"),
  group: fc.constantFrom("g", "h", "No", undefined),
  user: fc.constantFrom("u", "v", undefined),
  phase: fc.constantFrom("Pending", "Running", "Running", "Succeeded", "Failed"),
  main: cpu,
  side: cpu,
  actual: cpu,
  remove: fc.boolean(),
});
type Pod = typeof pods extends fc.Arbitrary<infer T> ? T : never;

const objectOf = ({ uid, group, user, phase, main, side, actual }: Pod) => ({
  metadata: {
    ...{ name: uid, uid, namespace: "work", resourceVersion: "1" },
    labels: JSON.parse(JSON.stringify({ "carrel.dev/group": group, "carrel.dev/user": user })) as Record<
      string,
      string
    >,
  },
  spec: {
    containers: [{ name: "main", ...resources(main) }],
    initContainers: [{ name: "side", restartPolicy: "Always", ...resources(side) }],
    overhead: { memory: "1Mi" },
  },
  status: { phase, ...(actual ? { containerStatuses: [{ name: "main", ...resources(actual) }] } : {}) },
});

/** One change, taken by both as their watches would give it. */
function play(change: Pod, live: Map<string, Pod>, ours: PodUsage, theirs: UsageIndex): void {
  const old = live.get(change.uid);
  if (!change.remove) {
    ours.put(ownedPod(objectOf(change)), old && ownedPod(objectOf(old)));
    theirs.put(admissionPod(objectOf(change)));
    live.set(change.uid, change);
  } else if (old) {
    ours.remove(ownedPod(objectOf(old)));
    theirs.remove(admissionPod(objectOf(old)));
    live.delete(change.uid);
  }
}

const countsOf = (usage: Usage) =>
  ["g", "h"].map((group) => [usage.total(group), usage.ofMember(group, "u"), usage.ofMember(group, "v")]);

describe("PodUsage", () => {
  it("counts as admission does, whatever pods come, change and go", () => {
    const defaultsOf = (group: string): Limits => (group === "g" ? { ...unlimited, cpu: 100n } : unlimited);
    fc.assert(
      fc.property(fc.array(pods, { maxLength: 12 }), (changes) => {
        const ours = new PodUsage(defaultsOf);
        const theirs = new UsageIndex(defaultsOf);
        const live = new Map<string, Pod>();
        for (const change of changes) {
          play(change, live, ours, theirs);
          assert.deepEqual(countsOf(ours), countsOf(theirs));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("is nothing for a group without pods", () => {
    assert.deepEqual(new PodUsage(() => unlimited).total("g"), nothing);
  });
});
