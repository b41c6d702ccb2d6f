import assert from "node:assert/strict";
import type { Image } from "../../../crds/image.ts";
import type { InstanceType } from "../../../crds/instance-type.ts";
import type { Volume } from "../../../crds/volume.ts";
import { standardAccelerators } from "../../../quota/accelerators.ts";
import { boundBy } from "../../../services/api/bound.ts";
import { imageOffer, instanceTypeOffer, offersOf, volumeOffer } from "../../../services/api/offers.ts";

const image = (spec: object, status?: object) => ({ metadata: { name: "i" }, spec, status }) as unknown as Image;
const type = (name: string, spec: object) => ({ metadata: { name }, spec }) as unknown as InstanceType;
const volume = (spec: object) => ({ metadata: { name: "v" }, spec }) as unknown as Volume;

describe("offers", () => {
  it("tell of an instance type its exact limits and what quota counts of it", () => {
    const spec = { cpu: 1.5, memory: "2Gi", resources: { "nvidia.com/gpu": 1 }, requests: { cpu: "1" } };
    assert.deepEqual(instanceTypeOffer(type("t", spec), standardAccelerators), {
      name: "t",
      displayName: "t",
      description: null,
      cpuMilli: "1500",
      memoryBytes: "2147483648",
      gpuMilli: "1000",
      resources: { cpu: "1.5", memory: "2Gi", "nvidia.com/gpu": "1" },
      requests: { cpu: "1" },
      nodeSelector: {},
      tolerations: [],
      priorityClassName: null,
      problem: null,
    });
    assert.equal(
      instanceTypeOffer(type("t", { cpu: 0, memory: "1Gi" }), standardAccelerators).problem,
      "cpu and memory must be more than 0",
    );
  });

  it("tell of an image what was built last, or why there is none yet", () => {
    const told = (spec: object, status?: object): unknown => {
      const { reference, problem } = imageOffer(image(spec, status));
      return [reference, problem];
    };
    const build = { base: "b" };
    assert.deepEqual(told({ reference: "r" }), ["r", null]);
    assert.deepEqual(told({ reference: "r", build }), [null, "not built yet: Pending"]);
    assert.deepEqual(told({ build }, { build: { phase: "Failed", message: "no pip" } }), [
      null,
      "not built yet: Failed: no pip",
    ]);
    assert.deepEqual(told({ build }, { build: { phase: "Failed", reference: "r@sha256:1" } }), ["r@sha256:1", null]);
  });

  it("tell of a volume its claim: the one that is there, the one that is made, or none", () => {
    const claim = (spec: object): string | null => volumeOffer(volume(spec), "read").claim;
    assert.deepEqual(
      [
        claim({ kind: "pvc", claimName: "mine" }),
        claim({ kind: "pvc" }),
        claim({ kind: "nfs" }),
        claim({ kind: "env" }),
      ],
      ["mine", "volume-v", null, null],
    );
    assert.equal(volumeOffer(volume({ kind: "nfs" }), "write").readOnly, false);
  });

  it("are by display name, and none for a role whose object is gone", () => {
    const types = new Map([
      ["a", type("a", { cpu: 1, memory: 1, displayName: "Zeta" })],
      ["b", type("b", { cpu: 1, memory: 1, displayName: "Alpha" })],
    ]);
    const catalogue = {
      instanceType: (name: string) => types.get(name),
      image: () => undefined,
      volume: () => undefined,
    };
    const { instanceTypes, ...rest } = offersOf(
      boundBy(["it:a", "it:b", "it:gone", "img:gone", "ds:gone"]),
      catalogue,
      standardAccelerators,
    );
    assert.deepEqual(
      instanceTypes.map(({ name }) => name),
      ["b", "a"],
    );
    assert.deepEqual(rest, { images: [], volumes: [] });
  });
});
