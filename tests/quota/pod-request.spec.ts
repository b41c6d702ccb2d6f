import assert from "node:assert/strict";
import fc from "fast-check";
import { Accelerators } from "../../quota/accelerators.ts";
import {
  type ContainerLike,
  type PodSpecLike,
  podRequest,
  type RequestRules,
  type ResourceRequirements,
} from "../../quota/pod-request.ts";
import { QuantityError } from "../../quota/quantity.ts";
import { type Amounts, type Limits, mapResources, nothing, resourceNames, unlimited } from "../../quota/resources.ts";

const noDefaults: RequestRules = { defaults: unlimited };
const zeros: Limits = mapResources(() => 0n);
/** Most containers here state little: what they leave out is 0, unless a test says otherwise. */
const amountsOf = (spec: PodSpecLike, rules: Partial<RequestRules> = {}): Amounts => {
  const request = podRequest(spec, { defaults: zeros, ...rules });
  if (!("amounts" in request)) throw new Error(`unstated: ${JSON.stringify(request.unstated)}`);
  return request.amounts;
};
const box = (cpu: string, memory = "0", gpu?: string): ContainerLike => ({
  name: "main",
  resources: { limits: { cpu, memory, ...(gpu === undefined ? {} : { "nvidia.com/gpu": gpu }) } },
});

// Amounts of the generated containers, each in a unit in which the text is the number.
const small = fc.integer({ min: 0, max: 9 });
const stated = ["cpu", "memory", "gpu", "ephemeral-storage"] as const;
interface Step {
  readonly sidecar: boolean;
  readonly amounts: Readonly<Record<(typeof stated)[number], number>>;
}
const step: fc.Arbitrary<Step> = fc.record({
  sidecar: fc.boolean(),
  amounts: fc.record({ cpu: small, memory: small, gpu: small, "ephemeral-storage": small }),
});
const containerOf = ({ sidecar, amounts: { cpu, memory, gpu, ...storage } }: Step): ContainerLike => ({
  name: "c",
  resources: { limits: { cpu: `${cpu}m`, memory, "amd.com/gpu": gpu, ...storage } },
  ...(sidecar ? { restartPolicy: "Always" } : {}),
});

/** Every moment of a pod's life as the set of containers that run then; the pod takes the largest moment. */
function largestMoment(init: readonly Step[], containers: readonly Step[], name: (typeof stated)[number]): bigint {
  const moments = init.map((now, i) => [...init.slice(0, i).filter((earlier) => earlier.sidecar), now]);
  moments.push([...init.filter(({ sidecar }) => sidecar), ...containers]);
  const sums = moments.map((running) => running.reduce((sum, { amounts }) => sum + amounts[name], 0));
  return BigInt(Math.max(...sums)) * (name === "gpu" ? 1000n : 1n);
}

describe("podRequest", () => {
  it("is one pod where there are no containers", () => {
    for (const spec of [
      {},
      { containers: null, initContainers: null },
      { containers: [], overhead: null, resources: null },
    ]) {
      assert.deepEqual(podRequest(spec, noDefaults), { amounts: { ...nothing, pods: 1n } });
    }
  });

  it("is the largest moment of the pod's life, for any init steps and sidecars", () => {
    const steps = fc.array(step, { maxLength: 5 });
    fc.assert(
      fc.property(steps, steps, (init, containers) => {
        const spec = { initContainers: init.map(containerOf), containers: containers.map(containerOf) };
        assert.deepEqual(
          amountsOf(spec),
          mapResources((name) => (name === "pods" ? 1n : largestMoment(init, containers, name))),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it("takes limits before requests, one resource at a time, and families of accelerators together", () => {
    const resources = {
      limits: { cpu: "2", "nvidia.com/gpu": "1", "nvidia.com/mig-1g.5gb": "2", "hugepages-2Mi": "1Gi" },
      requests: { cpu: "1", memory: "1Ki", "nvidia.com/gpu": "1", "ephemeral-storage": "1Mi" },
    };
    assert.deepEqual(amountsOf({ containers: [{ name: "main", resources }] }, noDefaults), {
      cpu: 2000n,
      memory: 1024n,
      gpu: 3000n,
      "ephemeral-storage": 1_048_576n,
      pods: 1n,
    });
  });

  it("counts slices with the weights of the site, and units as whole ones", () => {
    const accelerators = new Accelerators([{ resource: "nvidia.com/mig-1g.*", weight: "143m" }]);
    const limits = { cpu: 1, memory: 1, "nvidia.com/mig-1g.5gb": "3", "amd.com/gpu": "500m", "example.com/npu": "8" };
    const spec = { containers: [{ name: "main", resources: { limits } }], overhead: { "nvidia.com/mig-1g.5gb": 1 } };
    assert.deepEqual(amountsOf(spec, { accelerators }).gpu, 3n * 143n + 1000n + 143n);
    assert.deepEqual(amountsOf(spec).gpu, 3000n + 1000n + 1000n);
  });

  it("adds the overhead, and takes what is stated for the whole pod in place of the sum", () => {
    const spec: PodSpecLike = {
      containers: [box("1", "1Ki", "1"), { name: "bare" }],
      resources: { limits: { cpu: "4", memory: "8Ki" } },
      overhead: { cpu: "10m", memory: "1Ki", "ephemeral-storage": "5" },
    };
    const expected = { cpu: 4010n, memory: 9216n, gpu: 1000n, "ephemeral-storage": 5n, pods: 1n };
    assert.deepEqual(amountsOf(spec, noDefaults), expected);
  });

  it("takes what is requested for the whole pod only where its containers may not take more", () => {
    const taken = (resources: ResourceRequirements, ...containers: ContainerLike[]): bigint =>
      amountsOf({ containers, resources }, { defaults: { ...zeros, cpu: 900n } }).cpu;
    const bare = { name: "bare" };
    assert.equal(taken({ requests: { cpu: "3" } }, box("1"), bare), 3000n);
    assert.equal(taken({ requests: { cpu: "3" } }, box("2"), box("2"), bare), 4000n);
    assert.equal(taken({ requests: { cpu: "3" }, limits: { cpu: "3500m" } }, box("2"), box("2"), bare), 3500n);
    assert.equal(taken({ requests: { cpu: "3" }, limits: { cpu: "0" } }, box("2"), box("2")), 4000n);
    assert.equal(taken({ requests: { cpu: "100m" } }, bare, bare), 100n, "a default is for what nothing states");
    const init = { initContainers: [box("5")], containers: [box("1")], resources: { requests: { cpu: "3" } } };
    assert.equal(amountsOf(init).cpu, 5000n);
  });

  it("takes no limit of the whole pod for what Kubernetes does not limit there", () => {
    const limits = { "nvidia.com/gpu": "1", "ephemeral-storage": "1" };
    const own = { name: "main", resources: { limits: { "nvidia.com/gpu": "8", "ephemeral-storage": "9" } } };
    const { gpu, "ephemeral-storage": storage } = amountsOf({ containers: [own], resources: { limits } });
    assert.deepEqual([gpu, storage], [8000n, 9n]);
  });

  it("fills in the group's defaults for each container that states nothing, but never pods", () => {
    const defaults = { cpu: 250n, memory: 1024n, gpu: 1n, "ephemeral-storage": 7n, pods: 100n };
    const containers: ContainerLike[] = [
      { name: "a" },
      { name: "b", resources: null },
      box("1", "1"),
      { name: "c", resources: {} },
    ];
    assert.deepEqual(amountsOf({ containers }, { defaults }), {
      cpu: 1750n,
      memory: 3073n,
      gpu: 4n,
      "ephemeral-storage": 28n,
      pods: 1n,
    });
  });

  it("takes a limit of 0 for none, as the kubelet does; but 0 GPUs for no GPU", () => {
    const defaults = { cpu: 250n, memory: 1024n, gpu: 1000n, "ephemeral-storage": 7n, pods: null };
    const limits = { cpu: "0", memory: 0, "nvidia.com/gpu": "0", "ephemeral-storage": "0Gi" };
    const requests = { memory: "3", cpu: "0", "nvidia.com/gpu": "0" };
    const main = { name: "main", resources: { limits, requests } };
    assert.deepEqual(amountsOf({ containers: [main] }, { defaults }), {
      cpu: 250n,
      memory: 3n,
      gpu: 0n,
      "ephemeral-storage": 7n,
      pods: 1n,
    });
    assert.deepEqual(podRequest({ containers: [main], resources: { limits: { cpu: 0 } } }, noDefaults), {
      unstated: [{ container: "main", resource: "cpu" }],
    });
  });

  it("names every container that states no CPU or memory where there is no default; other resources are 0 then", () => {
    const empty: ResourceRequirements = { limits: null, requests: null };
    const spec: PodSpecLike = {
      initContainers: [{ name: "init", resources: { limits: { memory: "1" } } }],
      containers: [box("1", "1"), { name: "bare", resources: empty }],
    };
    assert.deepEqual(podRequest(spec, noDefaults), {
      unstated: [
        { container: "bare", resource: "cpu" },
        { container: "bare", resource: "memory" },
        { container: "init", resource: "cpu" },
      ],
    });
    assert.deepEqual(podRequest(spec, { defaults: { ...unlimited, cpu: 1n } }), {
      unstated: [{ container: "bare", resource: "memory" }],
    });
  });

  it("asks for storage only where it is limited, in each container or for the whole pod", () => {
    const rules: RequestRules = { ...noDefaults, mustState: ["ephemeral-storage"] };
    const main = box("1", "1");
    const missing = { unstated: [{ container: "main", resource: "ephemeral-storage" }] };
    assert.deepEqual(podRequest({ containers: [main] }, rules), missing);
    const whole = { containers: [main], resources: { limits: { "ephemeral-storage": "9" } } };
    const expected = { cpu: 1000n, memory: 1n, gpu: 0n, "ephemeral-storage": 9n, pods: 1n };
    assert.deepEqual(podRequest(whole, rules), { amounts: expected });
    const defaults = { ...unlimited, "ephemeral-storage": 9n };
    assert.deepEqual(podRequest({ containers: [main] }, { ...rules, defaults }), { amounts: expected });
    assert.deepEqual(podRequest({ containers: [main] }, noDefaults), {
      amounts: { ...expected, "ephemeral-storage": 0n },
    });
  });

  it("treats a restart policy on an ordinary container as no sidecar", () => {
    const containers = [
      { ...box("1"), restartPolicy: "Always" },
      { ...box("2"), restartPolicy: "Never" },
    ];
    assert.equal(amountsOf({ containers, initContainers: [{ ...box("2"), restartPolicy: "Never" }] }).cpu, 3000n);
  });

  const unreadable: readonly (readonly [string, PodSpecLike])[] = [
    ['spec.containers[1].resources.limits["cpu"]', { containers: [box("1"), box("x")] }],
    ['spec.initContainers[0].resources.limits["nvidia.com/gpu"]', { initContainers: [box("1", "1", "x")] }],
    [
      'spec.containers[0].resources.requests["memory"]',
      { containers: [{ name: "a", resources: { requests: { memory: "x" } } }] },
    ],
    ['spec.overhead["cpu"]', { overhead: { cpu: "x" } }],
    ['spec.resources.limits["memory"]', { resources: { limits: { memory: "x" } } }],
  ];
  for (const [field, spec] of unreadable) {
    it(`names ${field} when it cannot be read`, () => {
      const message = `${field}: "x" is not a quantity: write for example 500m, 2, 1.5Gi or 2e3`;
      assert.throws(
        () => podRequest(spec, { defaults: zeros }),
        (error) => error instanceof QuantityError && error.message === message,
      );
    });
  }

  it("never gets less with another container of any kind", () => {
    const steps = fc.array(step, { maxLength: 3 });
    fc.assert(
      fc.property(steps, steps, step, fc.boolean(), (init, containers, more, first) => {
        const [before, after] = [[], [containerOf(more)]].map((extra) =>
          amountsOf({
            initContainers: [...init.map(containerOf), ...(first ? extra : [])],
            containers: [...containers.map(containerOf), ...(first ? [] : extra)],
          }),
        );
        for (const name of resourceNames) assert.ok(after![name] >= before![name]);
      }),
    );
  });
});
