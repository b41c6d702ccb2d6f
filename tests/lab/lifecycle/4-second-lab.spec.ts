import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findLab } from "../../../lab/endpoints.ts";
import type { KubeObject, ResourceRef } from "../../../services/lib/kube/client.ts";
import { projectDir } from "../../support/engine.ts";
import { labName, labUnderTest } from "../../support/lab.ts";

const nodes: ResourceRef = { apiVersion: "v1", kind: "Node", plural: "nodes", namespaced: false };
const second = `${labName()}2`;

interface Result {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a command on the second lab. @param killAt ends it by SIGKILL when its output has this text */
function lab(command: string, killAt?: string): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join("lab", "main.ts"), command], {
      cwd: projectDir,
      env: { ...process.env, LAB_NAME: second },
    });
    let output = "";
    const take = (chunk: Buffer): void => {
      output += chunk.toString("utf8");
      if (killAt !== undefined && output.includes(killAt)) child.kill("SIGKILL");
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.once("error", reject).once("close", (code) => resolve({ code, output }));
  });
}

const namesOfNodes = async (name: string): Promise<string[]> => {
  const { client } = await labUnderTest(name);
  return (await client.list<KubeObject>(nodes)).items.map(({ metadata }) => metadata.name);
};

describe("a second lab", () => {
  after(async () => {
    await lab("down");
  });

  it("comes up beside the first after its launcher was killed, and goes without touching it", async function () {
    const first = findLab(labName());
    // A lab that was given by its kubeconfig, or by kind, has no network of its own.
    if (first?.variant !== "built") this.skip();
    const killed = await lab("up", "certificates and configuration");
    assert.equal(killed.code, null, killed.output);

    const up = await lab("up");
    assert.equal(up.code, 0, up.output);
    assert.deepEqual(await namesOfNodes(second), [`carrel-${second}`]);
    assert.deepEqual(await namesOfNodes(labName()), [`carrel-${labName()}`]);
    assert.notEqual(findLab(second)?.server, first.server);

    const down = await lab("down");
    assert.equal(down.code, 0, down.output);
    assert.equal(existsSync(`/run/netns/carrel-${second}`), false);
    assert.equal(findLab(second), undefined);
    assert.deepEqual(await namesOfNodes(labName()), [`carrel-${labName()}`]);
  });
});
