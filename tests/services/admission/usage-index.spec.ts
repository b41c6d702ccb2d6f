import assert from "node:assert/strict";
import fc from "fast-check";
import { Accelerators } from "../../../quota/accelerators.ts";
import { type Amounts, add, type Limits, nothing, unlimited } from "../../../quota/resources.ts";
import { type OwnedPod, ownedPod, UsageIndex } from "../../../services/admission/usage-index.ts";
import type { KubeObject } from "../../../services/lib/kube/types.ts";

interface Some {
  readonly uid: string;
  readonly namespace?: string;
  readonly version?: string;
  readonly group?: string;
  readonly user?: string;
  readonly cpu?: string;
  readonly phase?: string;
  /** What its container has, as its status says. */
  readonly actual?: string;
}

function podOf({ uid, namespace = "work", version = "1", group, user, cpu, phase, actual }: Some): OwnedPod {
  const labels = {
    ...(group === undefined ? {} : { "carrel.dev/group": group }),
    ...(user === undefined ? {} : { "carrel.dev/user": user }),
  };
  const resources = cpu === undefined ? {} : { resources: { limits: { cpu } } };
  return ownedPod({
    metadata: { name: uid, namespace, uid, resourceVersion: version, labels },
    spec: { containers: [{ name: "main", image: "x", ...resources }] },
    status: {
      phase,
      ...(actual === undefined
        ? {}
        : { containerStatuses: [{ name: "main", resources: { limits: { cpu: actual } } }] }),
    },
  } as KubeObject);
}
const cpu = (amount: bigint): Amounts => ({ ...nothing, cpu: amount, pods: 1n });

type Live = ReadonlyMap<string, Required<Omit<Some, "version" | "namespace">>>;
const stated = ({ group, user, ...pod }: Required<Omit<Some, "version" | "namespace">>): OwnedPod =>
  podOf({ ...pod, ...(group ? { group } : {}), ...(user ? { user } : {}) });

/** One change, taken by the index as a watch would give it, and by the pods that live. */
function apply(
  index: UsageIndex,
  live: Live,
  pod: Required<Omit<Some, "version" | "namespace">>,
  remove: boolean,
): Live {
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
  const more = (a: bigint, b: bigint): bigint => (a > b ? a : b);
  return [...live.values()]
    .filter((pod) => pod.group === group && pod.phase === "Running" && (user === undefined || pod.user === user))
    .reduce((sum, pod) => add(sum, cpu(more(worth[pod.cpu] ?? 0n, worth[pod.actual] ?? 0n))), nothing);
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
      size: {
        stated: {
          containers: [{ name: "main", resources: { limits: { cpu: "1" } } }],
          initContainers: [{ name: "side", restartPolicy: "Always" }],
          overhead: { cpu: "1m" },
          resources: { requests: { cpu: "2" } },
        },
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
        size: undefined,
        terminal: true,
      });
    }
  });

  it("keeps what containers have as their statuses say it, and what the spec says of the others", () => {
    const resources = (amount: string): object => ({ resources: { limits: { cpu: amount } } });
    const { size } = ownedPod({
      metadata: { name: "a", uid: "1", labels: { "carrel.dev/group": "g" } },
      spec: {
        containers: [
          { name: "main", image: "x", ...resources("1") },
          { name: "new", image: "x", ...resources("2") },
          { name: "bare", image: "x" },
        ],
        initContainers: [{ name: "side", image: "x", restartPolicy: "Always", ...resources("3") }],
        overhead: { cpu: "1m" },
        resources: { limits: { cpu: "20" } },
      },
      status: {
        containerStatuses: [{ name: "main", ready: true, ...resources("4") }, { name: "new" }],
        initContainerStatuses: [{ name: "side", ...resources("5") }],
      },
    } as KubeObject);
    assert.deepEqual(size?.stated.resources, { limits: { cpu: "20" } });
    assert.deepEqual(size?.actual, {
      containers: [
        { name: "main", ...resources("4") },
        { name: "new", ...resources("2") },
        { name: "bare", resources: null },
      ],
      initContainers: [{ name: "side", restartPolicy: "Always", ...resources("5") }],
      overhead: { cpu: "1m" },
      resources: { limits: { cpu: "20" } },
    });
  });

  it("keeps what the whole pod has as its status says it", () => {
    const whole = (amount: string): object => ({ resources: { limits: { cpu: amount } } });
    const { size } = ownedPod({
      metadata: { name: "a", uid: "1", labels: { "carrel.dev/group": "g" } },
      spec: { containers: [{ name: "main" }], ...whole("1") },
      status: whole("2"),
    } as KubeObject);
    assert.deepEqual(size, {
      stated: { containers: [{ name: "main" }], ...whole("1") },
      actual: { containers: [{ name: "main", resources: null }], initContainers: [], ...whole("2") },
    });
  });

  it("keeps once what pods have in common", () => {
    const [a, b, other] = [
      podOf({ uid: "1", group: "g", user: "ada", cpu: "1" }),
      podOf({ uid: "2", group: "g", user: "ada", cpu: "1" }),
      podOf({ uid: "3", group: "g", user: "bob", cpu: "2" }),
    ] as const;
    assert.deepEqual([a.size === b.size, a.owner === b.owner], [true, true]);
    assert.deepEqual([a.size === other.size, a.owner === other.owner], [false, false]);
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
    const all = (): unknown[] => [index.total("g"), index.ofMember("g", "ada"), index.seen("1"), index.charged("1")];
    assert.deepEqual(all(), [nothing, nothing, undefined, undefined]);
    index.put(podOf({ uid: "1", version: "5", group: "g", user: "ada", cpu: "2" }));
    assert.deepEqual(all(), [cpu(2000n), cpu(2000n), "5", cpu(2000n)]);
    index.put(podOf({ uid: "1", version: "8", group: "g", user: "ada", cpu: "2", phase: "Failed" }));
    assert.deepEqual(all(), [nothing, nothing, "8", undefined]);
    index.remove(podOf({ uid: "1", version: "9", group: "g", user: "ada", cpu: "2" }));
    assert.deepEqual(all(), [nothing, nothing, "9", undefined]);
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
    assert.deepEqual(index.total("g"), cpu(0n));
    defaults = { cpu: 250n, memory: 1n, gpu: null, "ephemeral-storage": 9n, pods: null };
    index.recharge("g");
    index.recharge("unknown");
    const expected = { cpu: 250n, memory: 1n, gpu: 0n, "ephemeral-storage": 9n, pods: 1n };
    assert.deepEqual([index.total("g"), index.ofMember("g", "ada")], [expected, expected]);
  });

  it("leaves pods as they are charged where a group has changed in something else", () => {
    let reads = 0;
    const index = new UsageIndex(() => {
      reads++;
      return { ...unlimited };
    });
    for (const uid of ["1", "2", "3"]) index.put(podOf({ uid, group: "g", user: "ada" }));
    const before = reads;
    index.recharge("g");
    assert.deepEqual([reads - before, index.total("g").pods], [1, 3n]);
  });

  it("charges the larger of what a pod asks for and what it has, one resource at a time", () => {
    const index = new UsageIndex(() => unlimited);
    const charged = (spec: string, actual?: string): bigint | undefined => {
      index.put(podOf({ uid: "1", group: "g", cpu: spec, ...(actual === undefined ? {} : { actual }) }));
      return index.charged("1")?.cpu;
    };
    assert.deepEqual(
      [charged("1"), charged("3", "1"), charged("3", "3"), charged("2", "3"), charged("2", "2")],
      [1000n, 3000n, 3000n, 3000n, 2000n],
    );
    assert.deepEqual(index.total("g"), cpu(2000n));
  });

  it("counts a pod that states no limit as a pod, and one whose amounts cannot be read", () => {
    const index = new UsageIndex(() => unlimited);
    index.put(podOf({ uid: "1", group: "g" }));
    index.put(podOf({ uid: "2", group: "g", cpu: "nonsense" }));
    assert.deepEqual(index.total("g"), { ...nothing, pods: 2n });
  });

  it("counts slices with the weights of the site", () => {
    const rules = [{ resource: "nvidia.com/mig-1g.5gb", weight: "143m" }];
    const pod = ownedPod({
      metadata: { name: "a", uid: "1", labels: { "carrel.dev/group": "g" } },
      spec: { containers: [{ name: "main", resources: { limits: { "nvidia.com/mig-1g.5gb": 2 } } }] },
    } as KubeObject);
    const totals = [new Accelerators(rules), undefined].map((accelerators) => {
      const index = new UsageIndex(() => unlimited, accelerators);
      index.put(pod);
      return index.total("g").gpu;
    });
    assert.deepEqual(totals, [286n, 2000n]);
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

  it("charges a pod that shrinks as a whole what it has until it has less, and no defaults beside", () => {
    const index = new UsageIndex(() => ({ ...unlimited, cpu: 700n }));
    const whole = (amount: string): object => ({ resources: { limits: { cpu: amount } } });
    const put = (now: string, had: object): Amounts => {
      index.put(
        ownedPod({
          metadata: { name: "a", uid: "1", labels: { "carrel.dev/group": "g" } },
          spec: { containers: [{ name: "main" }, { name: "side" }], ...whole(now) },
          status: { phase: "Running", containerStatuses: [{ name: "main", resources: {} }], ...had },
        } as KubeObject),
      );
      return index.total("g");
    };
    assert.deepEqual(put("1", {}), cpu(1000n));
    assert.deepEqual(put("500m", whole("1")), cpu(1000n));
    assert.deepEqual(put("500m", whole("500m")), cpu(500n));
  });

  it("counts a group across all its namespaces", () => {
    const index = new UsageIndex(() => unlimited);
    for (const [uid, namespace] of [
      ["1", "work"],
      ["2", "jobs"],
      ["3", "jobs"],
    ] as const) {
      index.put(podOf({ uid, namespace, group: "g", user: "ada", cpu: "1" }));
    }
    const three = { ...nothing, cpu: 3000n, pods: 3n };
    assert.deepEqual([index.total("g"), index.ofMember("g", "ada")], [three, three]);
  });

  it("tells groups apart that begin alike", () => {
    const index = new UsageIndex(() => unlimited);
    const groups = ["phys", "physics", "physics-2", "physics.2"];
    for (const [i, group] of groups.entries()) index.put(podOf({ uid: group, group, user: "ada", cpu: `${i + 1}` }));
    const each = groups.map((group) => [index.total(group).cpu, index.ofMember(group, "ada").cpu]);
    assert.deepEqual(
      each,
      [1000n, 2000n, 3000n, 4000n].map((amount) => [amount, amount]),
    );
    assert.deepEqual(index.ofMember("physics", "ad"), nothing);
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
      actual: fc.constantFrom("1", "250m", "nonsense"),
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
