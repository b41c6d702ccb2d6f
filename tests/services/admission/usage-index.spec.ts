import assert from "node:assert/strict";
import fc from "fast-check";
import { type Amounts, add, type Limits, nothing, unlimited } from "../../../quota/resources.ts";
import { type OwnedPod, ownedPod, UsageIndex } from "../../../services/admission/usage-index.ts";
import type { KubeObject } from "../../../services/lib/kube/types.ts";

interface Some {
  readonly uid: string;
  readonly version?: string;
  readonly group?: string;
  readonly user?: string;
  readonly cpu?: string;
  readonly phase?: string;
}

function podOf({ uid, version = "1", group, user, cpu, phase }: Some): OwnedPod {
  const labels = {
    ...(group === undefined ? {} : { "carrel.dev/group": group }),
    ...(user === undefined ? {} : { "carrel.dev/user": user }),
  };
  const resources = cpu === undefined ? {} : { resources: { limits: { cpu } } };
  return ownedPod({
    metadata: { name: uid, namespace: "work", uid, resourceVersion: version, labels },
    spec: { containers: [{ name: "main", image: "x", ...resources }] },
    status: { phase },
  } as KubeObject);
}
const cpu = (amount: bigint): Amounts => ({ ...nothing, cpu: amount });

type Live = ReadonlyMap<string, Required<Omit<Some, "version">>>;
const stated = ({ group, user, ...pod }: Required<Omit<Some, "version">>): OwnedPod =>
  podOf({ ...pod, ...(group ? { group } : {}), ...(user ? { user } : {}) });

/** One change, taken by the index as a watch would give it, and by the pods that live. */
function apply(index: UsageIndex, live: Live, pod: Required<Omit<Some, "version">>, remove: boolean): Live {
  const next = new Map(live);
  const old = live.get(pod.uid);
  if (!remove) {
    next.set(pod.uid, pod);
    index.put(stated(pod));
  } else if (old) {
    next.delete(pod.uid);
    index.remove(stated(old));
  }
  index.recharge("g");
  return next;
}

function recount(live: Live, group: string, user?: string): Amounts {
  const worth: Readonly<Record<string, bigint>> = { "1": 1000n, "250m": 250n, nonsense: 0n };
  return [...live.values()]
    .filter((pod) => pod.group === group && pod.phase === "Running" && (user === undefined || pod.user === user))
    .reduce((sum, pod) => add(sum, cpu(worth[pod.cpu] ?? 0n)), nothing);
}

describe("ownedPod", () => {
  it("keeps of a pod what decisions need", () => {
    const pod = {
      metadata: { name: "a", namespace: "work", uid: "1", resourceVersion: "7", labels: { "carrel.dev/group": "g" } },
      spec: {
        nodeName: "n",
        containers: [{ name: "main", image: "x", resources: { limits: { cpu: "1" } } }],
        initContainers: [{ name: "side", image: "x", restartPolicy: "Always" }],
        overhead: { cpu: "1m" },
        resources: { requests: { cpu: "2" } },
      },
      status: { phase: "Running" },
    };
    assert.deepEqual(ownedPod(pod), {
      metadata: { name: "a", namespace: "work", uid: "1", resourceVersion: "7" },
      owner: { group: "g", user: undefined },
      spec: {
        containers: [{ name: "main", resources: { limits: { cpu: "1" } } }],
        initContainers: [{ name: "side", restartPolicy: "Always" }],
        overhead: { cpu: "1m" },
        resources: { requests: { cpu: "2" } },
      },
      terminal: false,
    });
  });

  it("keeps nothing but the name of what belongs to nobody, or to a malformed group", () => {
    const malformed: Record<string, string> = { "carrel.dev/group": "No" };
    for (const labels of [undefined, {}, malformed]) {
      const metadata = { name: "a", ...(labels ? { labels } : {}) };
      assert.deepEqual(ownedPod({ metadata }), {
        metadata: { name: "a" },
        owner: undefined,
        spec: undefined,
        terminal: true,
      });
    }
  });

  it("takes finished pods for terminal, and only those", () => {
    const phases = ["Pending", "Running", "Unknown", "Succeeded", "Failed"];
    const terminal = phases.map((phase) => podOf({ uid: "1", group: "g", phase }).terminal);
    assert.deepEqual(terminal, [false, false, false, true, true]);
  });
});

describe("UsageIndex", () => {
  it("charges a group and its member while a pod lives, and remembers its version afterwards", () => {
    const index = new UsageIndex(() => unlimited);
    const all = (): unknown[] => [index.total("g"), index.ofMember("g", "ada"), index.seen("1")];
    assert.deepEqual(all(), [nothing, nothing, undefined]);
    index.put(podOf({ uid: "1", version: "5", group: "g", user: "ada", cpu: "2" }));
    assert.deepEqual(all(), [cpu(2000n), cpu(2000n), "5"]);
    index.put(podOf({ uid: "1", version: "8", group: "g", user: "ada", cpu: "2", phase: "Failed" }));
    assert.deepEqual(all(), [nothing, nothing, "8"]);
    index.remove(podOf({ uid: "1", version: "9", group: "g", user: "ada", cpu: "2" }));
    assert.deepEqual(all(), [nothing, nothing, "9"]);
  });

  it("charges the group alone for a pod of no member", () => {
    const index = new UsageIndex(() => unlimited);
    index.put(podOf({ uid: "1", group: "g", cpu: "1" }));
    assert.deepEqual([index.total("g"), index.ofMember("g", "ada")], [cpu(1000n), nothing]);
  });

  it("fills in the defaults of the group, and charges anew when they change", () => {
    let defaults: Limits = unlimited;
    const index = new UsageIndex(() => defaults);
    index.put(podOf({ uid: "1", group: "g", user: "ada" }));
    assert.deepEqual(index.total("g"), nothing);
    defaults = { cpu: 250n, memory: 1n, gpu: null };
    index.recharge("g");
    index.recharge("unknown");
    assert.deepEqual(
      [index.total("g"), index.ofMember("g", "ada")],
      [
        { cpu: 250n, memory: 1n, gpu: 0n },
        { cpu: 250n, memory: 1n, gpu: 0n },
      ],
    );
  });

  it("moves the charge of a pod whose owner changed, and drops it when nobody owns it any more", () => {
    const index = new UsageIndex(() => unlimited);
    const totals = (): Amounts[] => [index.total("g"), index.total("h")];
    index.put(podOf({ uid: "1", group: "g", cpu: "1" }));
    index.put(podOf({ uid: "1", group: "h", cpu: "1" }));
    assert.deepEqual(totals(), [nothing, cpu(1000n)]);
    index.put(podOf({ uid: "1", cpu: "1" }));
    assert.deepEqual(totals(), [nothing, nothing]);
    index.remove(podOf({ uid: "1" }));
    assert.equal(index.seen("1"), undefined);
  });

  it("forgets the oldest of very many deleted pods", () => {
    const index = new UsageIndex(() => unlimited);
    for (let i = 0; i <= 20_000; i++) index.remove(podOf({ uid: `u${i}`, group: "g" }));
    assert.deepEqual([index.seen("u0"), index.seen("u1"), index.seen("u20000")], [undefined, "1", "1"]);
  });

  it("equals a recount after any changes", () => {
    const change = fc.record({
      remove: fc.boolean(),
      uid: fc.constantFrom("1", "2", "3", "4"),
      group: fc.constantFrom("", "g", "h"),
      user: fc.constantFrom("", "ada", "grace"),
      cpu: fc.constantFrom("1", "250m", "nonsense"),
      phase: fc.constantFrom("Running", "Succeeded"),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40, size: "max" }), (changes) => {
        const index = new UsageIndex(() => unlimited);
        let live: Live = new Map();
        for (const { remove, ...pod } of changes) live = apply(index, live, pod, remove);
        for (const group of ["g", "h"]) {
          assert.deepEqual(index.total(group), recount(live, group));
          for (const user of ["ada", "grace"]) {
            assert.deepEqual(index.ofMember(group, user), recount(live, group, user));
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
