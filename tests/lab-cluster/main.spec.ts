import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { identify } from "../../lab/cluster/process-identity.ts";
import { Scratch } from "./environment.ts";

const program = join(import.meta.dirname, "../../lab/main.ts");

describe("lab/main.ts", function () {
  this.timeout(120_000);
  let scratch: Scratch;
  beforeEach(() => {
    scratch = new Scratch();
    scratch.ownLabs();
    scratch.set("LAB_NAME", "spec");
    scratch.set("LAB_CLUSTER", undefined);
  });
  afterEach(() => scratch.restore());

  function lab(...args: string[]): [code: number | null, stdout: string, stderr: string] {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: "utf8" });
    return [status, stdout, stderr];
  }

  it("says how it is used", () => {
    const usage = "error: usage: node lab/main.ts up | down | clean | kubeconfig\n";
    assert.deepEqual(lab("start"), [1, "", usage]);
  });

  it("prints the kubeconfig of a running lab", () => {
    assert.deepEqual(lab("kubeconfig"), [
      1,
      "",
      'error: lab "spec" is not running: start it with `LAB_NAME=spec make up`\n',
    ]);
    scratch.write("state/labs/spec/endpoints.json", JSON.stringify({ kubeconfig: "/path/to/config" }));
    assert.deepEqual(lab("kubeconfig"), [0, "/path/to/config\n", ""]);
  });

  it("removes what it keeps of a given cluster, and with `clean` the cache", () => {
    scratch.write("state/labs/spec/endpoints.json", JSON.stringify({ variant: "kubeconfig" }));
    scratch.write("cache/binaries/x", "");
    assert.deepEqual(lab("down"), [0, "", ""]);
    assert.equal(existsSync(join(scratch.folder, "state/labs/spec")), false);
    assert.equal(existsSync(join(scratch.folder, "cache/binaries/x")), true);
    assert.deepEqual(lab("clean"), [0, 'lab "spec": nothing to remove\n', ""]);
    assert.equal(existsSync(join(scratch.folder, "cache")), false);
  });

  it("does one thing at a time with a lab", () => {
    scratch.write("state/lab-spec.lock", JSON.stringify(identify(process.pid)));
    assert.deepEqual(lab("down"), [
      1,
      "",
      `error: lab "spec" is busy: process ${process.pid} works on it; wait until it has ended\n`,
    ]);
  });

  it("refuses names and variants that cannot be", () => {
    scratch.set("LAB_NAME", "No");
    assert.deepEqual(lab("kubeconfig"), [
      1,
      "",
      'error: LAB_NAME must be 1 to 20 lower-case letters, digits and dashes, beginning with a letter, got "No"\n',
    ]);
    scratch.set("LAB_NAME", "spec");
    scratch.set("LAB_CLUSTER", "minikube");
    assert.deepEqual(lab("up"), [
      1,
      "",
      'error: LAB_CLUSTER must be one of kubeconfig, kind, built, got "minikube": unset it to take the first that works\n',
    ]);
  });
});
