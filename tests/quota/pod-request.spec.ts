import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type ContainerLike,
  type PodSpecLike,
  podRequest,
  type ResourceRequirements,
} from "../../quota/pod-request.ts";
import { QuantityError } from "../../quota/quantity.ts";
import { type Amounts, type Limits, mapResources, resourceNames, unlimited } from "../../quota/resources.ts";

const amountsOf = (spec: PodSpecLike, defaults: Limits = unlimited): Amounts => {
  const request = podRequest(spec, defaults);
  if (!("amounts" in request)) throw new Error(`unstated: ${JSON.stringify(request.unstated)}`);
  return request.amounts;
};
const box = (cpu: string, memory = "0", gpu?: string): ContainerLike => ({
  name: "main",
  resources: { limits: { cpu, memory, ...(gpu === undefined ? {} : { "nvidia.com/gpu": gpu }) } },
});

// Amounts of the generated containers, each in a unit in which the text is the number.
const small = fc.integer({ min: 0, max: 9 });
interface Step {
  readonly sidecar: boolean;
  readonly amounts: Readonly<Record<"cpu" | "memory" | "gpu", number>>;
}
const step: fc.Arbitrary<Step> = fc.record({
  sidecar: fc.boolean(),
  amounts: fc.record({ cpu: small, memory: small, gpu: small }),
});
const containerOf = ({ sidecar, amounts: { cpu, memory, gpu } }: Step): ContainerLike => ({
  name: "c",
  resources: { limits: { cpu: `${cpu}m`, memory, "amd.com/gpu": gpu } },
  ...(sidecar ? { restartPolicy: "Always" } : {}),
});

/** Every moment of a pod's life as the set of containers that run then; the pod takes the largest moment. */
function largestMoment(init: readonly Step[], containers: readonly Step[], name: "cpu" | "memory" | "gpu"): bigint {
  const moments = init.map((now, i) => [...init.slice(0, i).filter((earlier) => earlier.sidecar), now]);
  moments.push([...init.filter(({ sidecar }) => sidecar), ...containers]);
  const sums = moments.map((running) => running.reduce((sum, { amounts }) => sum + amounts[name], 0));
  return BigInt(Math.max(...sums));
}

describe("podRequest", () => {
  it("is nothing for a pod without containers", () => {
    for (const spec of [
      {},
      { containers: null, initContainers: null },
      { containers: [], overhead: null, resources: null },
    ]) {
      assert.deepEqual(podRequest(spec, unlimited), { amounts: { cpu: 0n, memory: 0n, gpu: 0n } });
    }
  });

  it("is the largest moment of the pod's life, for any init steps and sidecars", () => {
    const steps = fc.array(step, { maxLength: 5 });
    fc.assert(
      fc.property(steps, steps, (init, containers) => {
        const spec = { initContainers: init.map(containerOf), containers: containers.map(containerOf) };
        assert.deepEqual(
          amountsOf(spec),
          mapResources((name) => largestMoment(init, containers, name)),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it("takes limits before requests, one resource at a time, and families of accelerators together", () => {
    const resources = {
      limits: { cpu: "2", "nvidia.com/gpu": "1", "nvidia.com/mig-1g.5gb": "2", "ephemeral-storage": "1Gi" },
      requests: { cpu: "1", memory: "1Ki", "nvidia.com/gpu": "1" },
    };
    assert.deepEqual(amountsOf({ containers: [{ name: "main", resources }] }), { cpu: 2000n, memory: 1024n, gpu: 3n });
  });

  it("adds the overhead, and takes what is stated for the whole pod in place of the sum", () => {
    const spec: PodSpecLike = {
      containers: [box("1", "1Ki", "1"), { name: "bare" }],
      resources: { limits: { cpu: "4", memory: "8Ki" } },
      overhead: { cpu: "10m", memory: "1Ki" },
    };
    assert.deepEqual(amountsOf(spec), { cpu: 4010n, memory: 9216n, gpu: 1n });
    assert.deepEqual(amountsOf({ containers: [box("1")], resources: { requests: { cpu: "3" } } }).cpu, 3000n);
  });

  it("fills in the group's defaults for each container that states nothing", () => {
    const defaults = { cpu: 250n, memory: 1024n, gpu: 1n };
    const containers: ContainerLike[] = [
      { name: "a" },
      { name: "b", resources: null },
      box("1", "1"),
      { name: "c", resources: {} },
    ];
    assert.deepEqual(amountsOf({ containers }, defaults), { cpu: 1750n, memory: 3073n, gpu: 4n });
  });

  it("names every container that states no CPU or memory where there is no default; a GPU is none then", () => {
    const empty: ResourceRequirements = { limits: null, requests: null };
    const spec: PodSpecLike = {
      initContainers: [{ name: "init", resources: { limits: { memory: "1" } } }],
      containers: [box("1", "1"), { name: "bare", resources: empty }],
    };
    assert.deepEqual(podRequest(spec, unlimited), {
      unstated: [
        { container: "bare", resource: "cpu" },
        { container: "bare", resource: "memory" },
        { container: "init", resource: "cpu" },
      ],
    });
    assert.deepEqual(podRequest(spec, { ...unlimited, cpu: 1n }), {
      unstated: [{ container: "bare", resource: "memory" }],
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
        () => podRequest(spec, { cpu: 0n, memory: 0n, gpu: 0n }),
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
