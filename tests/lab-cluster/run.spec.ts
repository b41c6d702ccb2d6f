import assert from "node:assert/strict";
import { attempt, run } from "../../lab/cluster/run.ts";

describe("run", () => {
  it("answers what a program prints, given input, environment and folder", async () => {
    const options = { input: "given", env: { CARREL_SPEC: "set" }, cwd: "/" };
    assert.equal(
      await run("sh", ["-c", 'cat; echo " $CARREL_SPEC $PWD $0 $1"', "a", "b c"], options),
      "given set / a b c\n",
    );
  });

  it("gives a program without input the end of it, and does not mind one that does not read", async () => {
    assert.equal(await run("cat", []), "");
    assert.equal(await run("sh", ["-c", "exec <&-; echo done"], { input: "x".repeat(1 << 20) }), "done\n");
  });

  it("fails with the program's error output", async () => {
    await assert.rejects(run("sh", ["-c", "echo printed; echo ' broken ' >&2; exit 3"]), {
      name: "Error",
      message: "sh -c echo printed; echo ' broken ' >&2; exit 3: broken",
      log: undefined,
      remedy: undefined,
    });
  });

  it("fails with the reason where there is no error output", async () => {
    await assert.rejects(run("carrel-no-such-program", ["x"]), {
      message: "carrel-no-such-program x: spawn carrel-no-such-program ENOENT",
    });
    await assert.rejects(run("sh", ["-c", "exit 1"]), { message: "sh -c exit 1: Command failed: sh -c exit 1\n" });
  });

  it("ends a program that takes too long", async () => {
    await assert.rejects(run("sleep", ["60"], { timeoutMs: 20 }), { message: /^sleep 60: / });
  });
});

describe("attempt", () => {
  it("answers whether it worked", async () => {
    assert.deepEqual(
      [await attempt("true", []), await attempt("false", []), await attempt("carrel-none", [])],
      [true, false, false],
    );
  });
});
