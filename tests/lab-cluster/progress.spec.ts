import assert from "node:assert/strict";
import { failureText, Progress, StepError } from "../../lab/progress.ts";
import { UserError } from "../../services/lib/user-error.ts";

function recorded(isTerminal: boolean): { progress: Progress; text: () => string; pass: (ms: number) => void } {
  let written = "";
  let now = 1_000;
  const write = (text: string): void => {
    written += text;
  };
  const progress = new Progress({ write, isTerminal, monotonicMs: () => now });
  return {
    progress,
    text: () => written,
    pass: (ms) => {
      now += ms;
    },
  };
}

async function twoSteps({ progress, pass }: ReturnType<typeof recorded>): Promise<void> {
  progress.say('lab "dev": built');
  const answer = await progress.step("network", async (note) => {
    pass(1_260);
    note("veth");
    pass(120_000);
    return 7;
  });
  assert.equal(answer, 7);
  const failed = progress.step("API server", async () => {
    pass(49);
    throw new Error("no");
  });
  await assert.rejects(failed, { message: "no" });
}

describe("Progress", () => {
  it("writes plain lines with the time of each step where there is no terminal", async () => {
    const record = recorded(false);
    await twoSteps(record);
    assert.equal(
      record.text(),
      `lab "dev": built
   1.3 s  network: veth
 121.3 s  network
   0.0 s  API server: FAILED
`,
    );
  });

  it("rewrites one line on a terminal", async () => {
    const record = recorded(true);
    await twoSteps(record);
    assert.equal(
      record.text(),
      [
        'lab "dev": built\n',
        "\r\x1b[K   0.0 s  network: …",
        "\r\x1b[K   1.3 s  network: veth",
        "\r\x1b[K 121.3 s  network\n",
        "\r\x1b[K   0.0 s  API server: …",
        "\r\x1b[K   0.0 s  API server: FAILED\n",
      ].join(""),
    );
  });
});

describe("failureText", () => {
  it("lists every problem of a user's mistake", () => {
    assert.equal(failureText(new UserError("x", "one thing")), "error: one thing\n");
    assert.equal(
      failureText(new UserError("x", "2 problems", { problems: ["first", "second"], cause: new Error("hidden") })),
      "error: first\n       second\n",
    );
  });

  it("names the log and the remedy of a failed step, and its cause", () => {
    assert.equal(failureText(new StepError("it failed")), "error: it failed\n");
    const cause = new Error("spawn go ENOENT", { cause: "deeper" });
    assert.equal(
      failureText(new StepError("the built lab needs Go", { log: "/l", remedy: "install Go", cause })),
      "error: the built lab needs Go (spawn go ENOENT: deeper)\n  log:    /l\n  remedy: install Go\n",
    );
  });

  it("shows the stack of what nobody expected", () => {
    const error = new TypeError("undefined is not a function");
    assert.equal(failureText(error), `error: ${error.stack}\n`);
    assert.equal(failureText("text"), "error: text\n");
  });
});
