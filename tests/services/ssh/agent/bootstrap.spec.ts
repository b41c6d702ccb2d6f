import assert from "node:assert/strict";
import { inflateSync } from "node:zlib";
import { agentProgram, bootstrapLine, bootstrapState } from "../../../../services/ssh/agent/bootstrap.ts";

describe("bootstrapLine", () => {
  it("is one line that every shell and every terminal takes", () => {
    const line = bootstrapLine("0123456789abcdef", 12_345);
    assert.match(line, /^ exec sh -c '[^'!]+' '[^'!]+'\r$/);
    assert.ok(line.length < 1_000, `${line.length} characters`);
    assert.ok(line.includes("read(12345)"));
  });

  it("is not taken for its answer when the terminal echoes it", () => {
    const nonce = "0123456789abcdef";
    assert.deepEqual(bootstrapState(`$ ${bootstrapLine(nonce, 1)}\n`, nonce), { at: "waiting" });
  });
});

describe("bootstrapState", () => {
  it("follows what the shell prints", () => {
    assert.deepEqual(bootstrapState("Welcome\r\n$ ", "n1"), { at: "waiting" });
    assert.deepEqual(bootstrapState("$ x\r\ncarrel:n", "n1"), { at: "waiting" });
    assert.deepEqual(bootstrapState("$ x\r\ncarrel:n1\nSEFM", "n1"), { at: "reading", rest: "SEFM" });
    assert.deepEqual(bootstrapState("$ x\r\nnone:n1\r\n", "n1"), { at: "no-python" });
    assert.deepEqual(bootstrapState("carrel:n2\nnone:n2\n", "n1"), { at: "waiting" });
  });
});

describe("agentProgram", () => {
  it("is the agent with its settings before it, in ASCII", () => {
    const text = inflateSync(Buffer.from(agentProgram(90), "base64")).toString("utf8");
    assert.match(text, /^SFTP_SOURCE = ".*"\nIDLE_SECONDS = 90\n"""Serves the streams/);
    assert.ok([...text].every((character) => character.charCodeAt(0) < 128));
  });
});
