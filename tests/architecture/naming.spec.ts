import assert from "node:assert/strict";
import { recordProgram } from "../stacks/support.ts";

describe("names of resources", () => {
  it("begin with the name of the component that they are in", async () => {
    const { resources } = await recordProgram();
    const children = resources.filter(({ parent }) => parent !== "");
    assert.ok(children.length > 20, `only ${children.length} resources have a parent`);
    const found = children
      .filter(({ name, parent }) => !name.startsWith(`${parent}-`))
      .map(({ type, name, parent }) => `${type} "${name}" in "${parent}"`);
    assert.equal(found.length, 0, found.join("\n"));
  });

  it("are unique, so that a URN can be read without its types", async () => {
    const { resources } = await recordProgram();
    const names = resources.map(({ name }) => name).sort();
    assert.deepEqual(
      names.filter((name, i) => name === names[i - 1]),
      [],
    );
  });

  it("are under components of ours, whose types name their folder; only the provider stands alone", async () => {
    const { resources, urns } = await recordProgram();
    const top = resources.filter(({ parent }) => parent === "").map(({ type }) => type);
    const others = top.filter((type) => !/^carrel:(core|foundation|admission):[A-Z][A-Za-z]+$/.test(type));
    assert.deepEqual(others, ["pulumi:providers:kubernetes"]);
    assert.equal(urns.length, resources.length);
  });
});
