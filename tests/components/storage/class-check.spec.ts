import assert from "node:assert/strict";
import { ClassCheck, type ClassCheckArgs } from "../../../components/storage/class-check.ts";
import { recordParts } from "../../support/mocks.ts";

const judge: ClassCheckArgs["judge"] = (name, provisioner) => {
  if (provisioner === "local") return { problem: `${name} is of one node` };
  return provisioner === "odd" ? { warning: `${name} is odd` } : {};
};
const reads = {
  disk: { provisioner: "local" },
  folder: { provisioner: "local" },
  odd: { provisioner: "odd" },
  net: { provisioner: "net" },
};
const build = (...classes: string[]) =>
  recordParts(
    (opts) => {
      const { verified } = new ClassCheck("classes", { classes, judge }, opts);
      return (verified as unknown as { promise(): Promise<void> }).promise();
    },
    { reads },
  );

describe("ClassCheck", () => {
  const told: string[] = [];
  const { warn } = console;
  // Where Pulumi tells, without an engine.
  beforeEach(() => {
    told.splice(0);
    console.warn = (text: string) => told.push(text);
  });
  afterEach(() => {
    console.warn = warn;
  });

  it("registers nothing of its own for what it reads, and tells what is odd", async () => {
    const { resources } = await build("net", "odd");
    assert.deepEqual(
      resources.map(({ type, name }) => `${type} ${name}`),
      ["carrel:storage:ClassCheck classes"],
    );
    assert.deepEqual(told, ["warning: [runtime] odd is odd"]);
  });

  it("fails with every class that cannot be taken", async () => {
    const message =
      "volumes that people share cannot be kept here:\n  - disk is of one node\n  - folder is of one node";
    await assert.rejects(build("disk", "net", "folder"), (error: Error) => error.message.endsWith(message));
  });
});
