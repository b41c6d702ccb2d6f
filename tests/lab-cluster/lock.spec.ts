import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withLock } from "../../lab/cluster/lock.ts";
import { identify } from "../../lab/cluster/process-identity.ts";

const self = identify(process.pid);

/** A program that takes the lock again and again and fails when it is not alone inside. */
const contender = (file: string, marker: string): string => `
  import { writeFileSync, rmSync } from "node:fs";
  import { setImmediate as turn } from "node:timers/promises";
  import { withLock } from ${JSON.stringify(join(import.meta.dirname, "../../lab/cluster/lock.ts"))};
  const start = performance.now();
  let worked = 0;
  // Whoever was kept from its turn by others of this machine goes on until it has had one.
  while (performance.now() < start + (worked > 0 ? 700 : 30_000)) {
    await withLock(${JSON.stringify(file)}, "it", async () => {
      writeFileSync(${JSON.stringify(marker)}, "", { flag: "wx" });
      await turn();
      rmSync(${JSON.stringify(marker)});
      worked++;
    }).catch((error) => { if (error.code !== "locked") throw error; });
    await turn();
  }
  process.exitCode = worked > 0 ? 0 : 3;
`;

async function ended(script: string): Promise<[code: number, said: string]> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  const [code] = (await once(child, "close")) as [number];
  return [code, said];
}

describe("withLock", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "carrel-lock-"));
    file = join(folder, "deep", "lab.lock");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const holder = (): unknown => JSON.parse(readFileSync(file, "utf8"));

  it("holds the lock while it works, and leaves nothing", async () => {
    assert.equal(
      await withLock(file, "the lab", async () => {
        assert.deepEqual(holder(), self);
        assert.deepEqual(readdirSync(join(folder, "deep")), ["lab.lock"]);
        return "done";
      }),
      "done",
    );
    assert.deepEqual(readdirSync(join(folder, "deep")), []);
  });

  it("lets go when the work fails", async () => {
    await assert.rejects(
      withLock(file, "the lab", () => Promise.reject(new Error("no"))),
      { message: "no" },
    );
    assert.equal(existsSync(file), false);
  });

  it("refuses while a living process holds it, and leaves its lock alone", async () => {
    await withLock(file, "the lab", async () => {
      await assert.rejects(
        withLock(file, 'lab "dev"', async () => assert.fail("worked")),
        {
          name: "UserError",
          code: "locked",
          message: `lab "dev" is busy: process ${process.pid} works on it; wait until it has ended`,
        },
      );
      assert.deepEqual(holder(), self);
      assert.deepEqual(readdirSync(join(folder, "deep")), ["lab.lock"]);
    });
  });

  const dead: Record<string, unknown> = {
    "a process that has ended": { ...self, pid: 2 ** 22 + 1 },
    "an earlier process of the same id": { ...self, startTicks: "1" },
    "a process before the last boot": { ...self, bootId: "00000000-0000-0000-0000-000000000000" },
    "nobody that can be read": "{",
  };
  for (const [who, recorded] of Object.entries(dead)) {
    it(`takes over the lock of ${who}`, async () => {
      await withLock(file, "the lab", async () => {});
      writeFileSync(file, typeof recorded === "string" ? recorded : JSON.stringify(recorded));
      await withLock(file, "the lab", async () => assert.deepEqual(holder(), self));
      assert.deepEqual(readdirSync(join(folder, "deep")), []);
    });
  }

  it("lets one of many processes in at a time", async function () {
    this.timeout(90_000);
    const script = contender(file, join(folder, "inside"));
    const results = await Promise.all([script, script, script].map(ended));
    assert.deepEqual(results, [
      [0, ""],
      [0, ""],
      [0, ""],
    ]);
  });
});
