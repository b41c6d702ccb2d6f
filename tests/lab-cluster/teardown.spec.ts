import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cgroupFolders, removeCgroups } from "../../lab/cluster/cgroups.ts";
import { labLayout } from "../../lab/cluster/layout.ts";
import { identify } from "../../lab/cluster/process-identity.ts";
import { supervisorFile, supervisorOf, tearDown } from "../../lab/cluster/teardown.ts";
import { Scratch } from "./environment.ts";

describe("tearDown", function () {
  this.timeout(60_000);
  let scratch: Scratch;
  beforeEach(() => {
    scratch = new Scratch();
    scratch.usePrograms();
    scratch.program("ip", "exit 1");
  });
  afterEach(() => scratch.restore());
  const layoutHere = () => labLayout("spec-none", 7, join(scratch.folder, "lab"));

  it("ends the supervisor and removes the state", async () => {
    const layout = layoutHere();
    const child = spawn("sleep", ["60"]);
    await once(child, "spawn");
    scratch.write("lab/endpoints.json", "{}");
    scratch.write("lab/supervisor.json", JSON.stringify(identify(child.pid ?? 0)));
    assert.deepEqual(supervisorOf(layout), identify(child.pid ?? 0));
    const exited = once(child, "exit");
    await tearDown(layout);
    assert.deepEqual(await exited, [null, "SIGKILL"]);
    assert.deepEqual([existsSync(layout.stateDir), scratch.calls()], [false, ["ip link del carrel7h"]]);
  });

  it("leaves another process of the same id alone", async () => {
    const layout = layoutHere();
    const child = spawn("sleep", ["60"]);
    await once(child, "spawn");
    const exited = once(child, "exit");
    try {
      scratch.write("lab/supervisor.json", JSON.stringify({ ...identify(child.pid ?? 0), startTicks: "1" }));
      await tearDown(layout);
      assert.deepEqual([child.exitCode, child.signalCode, existsSync(layout.stateDir)], [null, null, false]);
    } finally {
      child.kill("SIGKILL");
      await exited;
    }
  });

  it("does no harm where nothing is", async () => {
    const layout = layoutHere();
    assert.equal(supervisorOf(layout), undefined);
    assert.equal(supervisorFile(layout), join(layout.stateDir, "supervisor.json"));
    await tearDown(layout);
    await tearDown(layout);
  });

  it("finds no cgroups of a lab that never was", () => {
    assert.deepEqual(cgroupFolders("carrel-spec-none"), []);
    removeCgroups("carrel-spec-none");
  });
});
