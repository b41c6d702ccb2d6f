import assert from "node:assert/strict";
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../../../components/core/component.ts";
import { recordParts } from "../../support/mocks.ts";

class Shelf extends Part {
  constructor(name: string, opts: pulumi.ComponentResourceOptions) {
    super("carrel:test:Shelf", name, opts);
    new k8s.core.v1.ConfigMap(this.child("book"), { data: { title: name } }, this.inside);
    this.registerOutputs({ name });
  }
}

const configMap = (name: string) => ({
  type: "kubernetes:core/v1:ConfigMap",
  name: `${name}-book`,
  parent: name,
  provider: "cluster",
  dependsOn: [],
  inputs: { apiVersion: "v1", kind: "ConfigMap", data: { title: name } },
});

const shelf = (name: string) => ({
  type: "carrel:test:Shelf",
  name,
  parent: "",
  provider: "",
  dependsOn: [],
  inputs: {},
});

describe("Part", () => {
  it("names its children after itself, is their parent and hands its provider on", async () => {
    const { resources, urns, outputs } = await recordParts((opts) => [
      new Shelf("upper", opts),
      new Shelf("lower", opts),
    ]);
    assert.deepEqual(resources, [shelf("lower"), shelf("upper"), configMap("lower"), configMap("upper")]);
    assert.deepEqual(urns, [
      "urn:pulumi:test::carrel::carrel:test:Shelf$kubernetes:core/v1:ConfigMap::lower-book",
      "urn:pulumi:test::carrel::carrel:test:Shelf$kubernetes:core/v1:ConfigMap::upper-book",
      "urn:pulumi:test::carrel::carrel:test:Shelf::lower",
      "urn:pulumi:test::carrel::carrel:test:Shelf::upper",
      "urn:pulumi:test::carrel::pulumi:providers:kubernetes::cluster",
    ]);
    assert.deepEqual(outputs, { lower: { name: "lower" }, upper: { name: "upper" } });
  });

  it("waits for what it depends on as a whole", async () => {
    const { resources } = await recordParts((opts) => {
      const first = new Shelf("first", opts);
      return new Shelf("second", { ...opts, dependsOn: [first] });
    });
    const order = Object.fromEntries(resources.map(({ name, dependsOn }) => [name, dependsOn]));
    assert.deepEqual(order, { first: [], "first-book": [], second: ["first-book"], "second-book": [] });
  });
});
