import assert from "node:assert/strict";
import type { InstanceType } from "../../../../crds/index.ts";
import {
  hasResource,
  isSamePlace,
  type Node,
  nodeOf,
  placesOf,
  tolerationsOf,
} from "../../../../services/controllers/puller/nodes.ts";
import type { KubeObject } from "../../../../services/lib/kube/types.ts";

const GPU = "nvidia.com/gpu";
const metadata = (name: string, host = name) => ({ name, labels: { "kubernetes.io/hostname": host } });
const node = (name: string, extended: readonly string[] = [], host?: string): Node => ({
  ...{ metadata: metadata(name, host), extended },
});
const instanceType = (own: Partial<InstanceType["spec"]>): InstanceType => ({
  ...{ apiVersion: "carrel.dev/v1", kind: "InstanceType", metadata: { name: "type" } },
  spec: { cpu: "1", memory: "2Gi", ...own },
});

describe("nodeOf", () => {
  it("keeps the extended resources that a node can give now", () => {
    const allocatable = { cpu: "8", "hugepages-2Mi": "0", "vendor.test/b": "2", [GPU]: "1", "vendor.test/none": "0" };
    const whole = { metadata: metadata("n1"), status: { allocatable, conditions: [{ type: "Ready" }] } };
    assert.deepEqual(nodeOf(whole as KubeObject), { metadata: metadata("n1"), extended: [GPU, "vendor.test/b"] });
    assert.deepEqual(nodeOf({ metadata: metadata("n1") }), { metadata: metadata("n1"), extended: [] });
  });
});

describe("isSamePlace", () => {
  it("looks at the host name and the extended resources alone", () => {
    const other = { ...node("n1", [GPU]), metadata: { ...metadata("n1"), resourceVersion: "9" } };
    assert.deepEqual(
      [other, node("n1"), node("n1", [GPU], "other")].map((one) => isSamePlace(node("n1", [GPU]), one)),
      [true, false, false],
    );
  });
});

describe("placesOf", () => {
  it("has the host names of each extended resource, whatever the order of nodes", () => {
    const bare = { metadata: { name: "bare" }, extended: [GPU] };
    const { hosts } = placesOf([node("z", [GPU], "host-z"), bare, node("plain")], []);
    assert.deepEqual(hosts, new Map([[GPU, ["bare", "host-z"]]]));
  });
});

describe("hasResource", () => {
  it("is so where a type asks for one or more", () => {
    const asks = [{ resources: { [GPU]: "1" } }, { resources: { [GPU]: 2 } }, { resources: { [GPU]: 0 } }, {}];
    assert.deepEqual(
      asks.map((own) => hasResource(instanceType(own), GPU)),
      [true, true, false, false],
    );
  });
});

describe("tolerationsOf", () => {
  it("has each once, whatever the order, and none that ends", () => {
    const [one, two] = [{ key: GPU, operator: "Exists" } as const, { key: "people", value: "yes" } as const];
    const first = instanceType({ tolerations: [{ ...two, tolerationSeconds: 60 }, one] });
    const second = instanceType({ tolerations: [{ operator: "Exists", key: GPU }] });
    assert.deepEqual(tolerationsOf([first, second, instanceType({})]), [one, two]);
    assert.deepEqual(tolerationsOf([second, first]), tolerationsOf([first, second]));
  });
});
