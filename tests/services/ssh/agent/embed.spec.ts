import assert from "node:assert/strict";
import { programsModule } from "../../../../services/ssh/agent/embed.ts";

describe("programsModule", () => {
  it("is a module of two constants in short lines", () => {
    const text = programsModule();
    assert.deepEqual(text.match(/export const \w+: string =$/gm), [
      "export const agentText: string =",
      "export const sftpText: string =",
    ]);
    assert.ok(text.split("\n").every((line) => line.length <= 120));
  });
});
