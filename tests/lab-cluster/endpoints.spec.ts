import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join } from "node:path";
import {
  cacheRoot,
  endpointsFile,
  findLab,
  type LabEndpoints,
  labStateDir,
  readLab,
  stateRoot,
} from "../../lab/endpoints.ts";
import { Scratch } from "./environment.ts";

describe("the folders of labs", () => {
  let scratch: Scratch;
  beforeEach(() => {
    scratch = new Scratch();
    for (const variable of ["CARREL_STATE_DIR", "CARREL_CACHE_DIR", "XDG_STATE_HOME", "XDG_CACHE_HOME"]) {
      scratch.set(variable, undefined);
    }
  });
  afterEach(() => scratch.restore());

  it("are the user's own, by XDG, or as told", () => {
    assert.deepEqual(
      [stateRoot(), cacheRoot()],
      [join(homedir(), ".local/state/carrel"), join(homedir(), ".cache/carrel")],
    );
    scratch.set("XDG_STATE_HOME", "/xs");
    scratch.set("XDG_CACHE_HOME", "/xc");
    assert.deepEqual([stateRoot(), cacheRoot()], ["/xs/carrel", "/xc/carrel"]);
    scratch.set("CARREL_STATE_DIR", "/s");
    scratch.set("CARREL_CACHE_DIR", "/c");
    assert.deepEqual([stateRoot(), cacheRoot()], ["/s", "/c"]);
    assert.deepEqual([labStateDir("dev"), endpointsFile("dev")], ["/s/labs/dev", "/s/labs/dev/endpoints.json"]);
  });

  it("take only names that are safe in files, interfaces and stacks", () => {
    for (const name of ["a", "dev", "a1-b", "a2345678901234567890"])
      assert.ok(labStateDir(name).endsWith(`/labs/${name}`));
    for (const name of ["", "1a", "-a", "Dev", "a_b", "a/b", "..", "a.b", "a23456789012345678901", "a\n"]) {
      assert.throws(() => labStateDir(name), {
        name: "UserError",
        code: "lab-name",
        message: `LAB_NAME must be 1 to 20 lower-case letters, digits and dashes, beginning with a letter, got "${name}"`,
      });
    }
  });
});

describe("readLab", () => {
  let scratch: Scratch;
  beforeEach(() => {
    scratch = new Scratch();
    scratch.ownLabs();
  });
  afterEach(() => scratch.restore());

  it("answers what a running lab has written", () => {
    const lab: LabEndpoints = {
      name: "dev",
      variant: "built",
      kubeconfig: "/k",
      context: "c",
      server: "https://s",
      registry: { host: "h", plainHttp: true },
      nodeBase: "n",
      controlPlaneCidrs: ["10.0.0.0/8"],
    };
    scratch.write("state/labs/dev/endpoints.json", JSON.stringify(lab));
    assert.deepEqual([readLab("dev"), findLab("dev")], [lab, lab]);
  });

  it("says how to start one that does not run", () => {
    const down = (name: string, command: string) => ({
      name: "UserError",
      code: "lab-down",
      message: `lab "${name}" is not running: start it with \`${command}\``,
    });
    assert.equal(findLab("dev"), undefined);
    assert.throws(() => readLab("dev"), down("dev", "make up"));
    assert.throws(() => readLab("test"), down("test", "LAB_NAME=test make up"));
  });

  it("does not take a broken file for none", () => {
    scratch.write("state/labs/dev/endpoints.json", "{");
    assert.throws(() => findLab("dev"), { name: "SyntaxError" });
  });
});
