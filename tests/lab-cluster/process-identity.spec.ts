import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { identify, isAlive, startTicksOf } from "../../lab/cluster/process-identity.ts";
import { eventually } from "../support/eventually.ts";

const statOf = (command: string): string =>
  `4711 (${command}) S 1 4711 4711 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 11 0 987654 1000 200 18446744073709551615 1 1`;

describe("startTicksOf", () => {
  it("is field 22, whatever the command is called", () => {
    for (const command of ["node", "tmux: server", "a) S 1 2 (b", "((", "))"]) {
      assert.equal(startTicksOf(statOf(command)), "987654", command);
    }
    assert.equal(startTicksOf("nonsense"), "");
  });
});

describe("a process's identity", () => {
  it("is its id, its start and the boot", () => {
    const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const startTicks = startTicksOf(readFileSync("/proc/self/stat", "utf8"));
    assert.match(startTicks, /^\d+$/);
    assert.deepEqual(identify(process.pid), { pid: process.pid, startTicks, bootId });
    assert.equal(identify(2 ** 22 + 1), undefined);
  });

  it("is alive until the process ends", async () => {
    const child = spawn("sleep", ["60"]);
    await once(child, "spawn");
    const identity = identify(child.pid ?? 0);
    assert.ok(identity);
    assert.equal(isAlive(identity), true);
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.equal(isAlive(identity), false);
  });

  it("is not alive as another process of the same id, or in another boot", () => {
    const self = identify(process.pid);
    assert.ok(self);
    assert.deepEqual(
      [self, { ...self, startTicks: "1" }, { ...self, bootId: "x" }, { ...self, pid: 2 ** 22 + 1 }].map(isAlive),
      [true, false, false, false],
    );
  });

  it("is not alive as a zombie", async function () {
    this.timeout(90_000);
    // The shell never waits for its child, so the kernel keeps what is left of it.
    const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      const [line] = (await once(parent.stdout, "data")) as [Buffer];
      const pid = Number(line.toString());
      const stateOf = (): string => {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        return stat.slice(stat.lastIndexOf(")") + 2)[0] ?? "";
      };
      await eventually("it is a zombie", async () => (stateOf() === "Z" ? true : undefined));
      const zombie = identify(pid);
      assert.ok(zombie);
      assert.equal(isAlive(zombie), false);
    } finally {
      parent.kill("SIGKILL");
      await once(parent, "exit");
    }
  });
});
