import assert from "node:assert/strict";
import { parseLoginName } from "../../../../services/ssh/login/login-name.ts";

describe("parseLoginName", () => {
  it("keeps the user's name to the letter", () => {
    assert.deepEqual(
      ["ada", "Ada@example.com", "ada+x", "ädä"].map(parseLoginName),
      ["ada", "Ada@example.com", "ada+x", "ädä"].map((user) => ({ user, server: "" })),
    );
  });

  it("takes the name of a server after a slash", () => {
    assert.deepEqual(parseLoginName("ada/gpu 1"), { user: "ada", server: "gpu 1" });
  });

  it("refuses what is no name of the hub's", () => {
    const names = ["", "/gpu", "ada/", "ada/gpu/x", "ada\n", "ada\u007f", "a".repeat(256)];
    assert.deepEqual(
      names.map(parseLoginName),
      names.map(() => undefined),
    );
  });
});
