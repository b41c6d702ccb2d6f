import assert from "node:assert/strict";
import { UserError } from "../../../services/lib/user-error.ts";

const shape = (error: UserError) => ({
  name: error.name,
  code: error.code,
  message: error.message,
  problems: error.problems,
  hasCause: "cause" in error,
  cause: error.cause,
});

describe("UserError", () => {
  it("is an error whose one problem is its message", () => {
    const error = new UserError("usage", "usage: x");
    assert.ok(error instanceof Error);
    assert.deepEqual(shape(error), {
      name: "UserError",
      code: "usage",
      message: "usage: x",
      problems: ["usage: x"],
      hasCause: false,
      cause: undefined,
    });
  });

  it("carries several problems and a cause", () => {
    const cause = new Error("ENOENT");
    assert.deepEqual(shape(new UserError("config", "2 problems", { problems: ["a", "b"], cause })), {
      name: "UserError",
      code: "config",
      message: "2 problems",
      problems: ["a", "b"],
      hasCause: true,
      cause,
    });
  });
});
