import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Component } from "../../lab/cluster/components.ts";
import { eventually } from "../support/eventually.ts";
import { Scratch } from "./environment.ts";

const program = join(import.meta.dirname, "../../lab/cluster/supervisor.ts");

describe("the supervisor", function () {
  this.timeout(300_000);
  let scratch: Scratch;
  let supervisor: ChildProcess | undefined;
  beforeEach(() => {
    scratch = new Scratch();
    mkdirSync(join(scratch.folder, "logs"));
  });
  afterEach(async () => {
    if (supervisor?.exitCode === null && supervisor.signalCode === null) {
      supervisor.kill("SIGKILL");
      await once(supervisor, "exit");
    }
    scratch.restore();
  });

  const logOf = (name: string): string => {
    const file = join(scratch.folder, "logs", `${name}.log`);
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  };
  const until = (what: string, done: () => boolean): Promise<true> => eventually(what, async () => done() || undefined);

  it("starts components in a log of their own, again when they end, and after what they need", async () => {
    const shell = (name: string, script: string, after?: string): Component => ({
      ...{ name, command: "/bin/sh", args: ["-c", script] },
      ...(after === undefined ? {} : { after: [join(scratch.folder, after)] }),
    });
    const components = [
      shell("once", "echo out; echo err >&2; exit 3"),
      shell("late", "echo late", "ready"),
      { name: "absent", command: "/nowhere/program", args: [] },
    ];
    scratch.write("components.json", JSON.stringify(components));
    const child = spawn(process.execPath, [program, scratch.folder], { stdio: ["ignore", "pipe", "inherit"] });
    supervisor = child;
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk;
    });
    await until("the component was started twice", () => logOf("once").startsWith("out\nerr\nout\nerr\n"));
    assert.equal(logOf("late"), "");
    scratch.write("ready", "");
    await until("the late component was started", () => logOf("late").startsWith("late\n"));
    await until("both ends were logged", () => said.includes('"late","reason"'));
    const events = said
      .slice(0, said.lastIndexOf("\n"))
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const ended = events.filter(({ event }) => event === "ended").map(({ component, reason }) => [component, reason]);
    const firstEndOf = (name: string): unknown => ended.find(([component]) => component === name);
    assert.deepEqual(["absent", "once"].map(firstEndOf), [
      ["absent", "spawn /nowhere/program ENOENT"],
      ["once", "code 3"],
    ]);
    assert.deepEqual([events[0]?.["event"], events[0]?.["component"]], ["started", "once"]);
  });
});
