import assert from "node:assert/strict";
import fc from "fast-check";
import { linesOf } from "../../../../services/lib/kube/lines.ts";

async function* chunks(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function read(parts: readonly (string | Uint8Array)[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(chunks(parts.map((part) => Buffer.from(part))))) lines.push(line);
  return lines;
}

describe("linesOf", () => {
  it("joins what chunks have cut, and drops empty lines and what follows the last newline", async () => {
    assert.deepEqual(await read(["on", "e\ntwo\r\n\n", "  \nthr", "ee", "\nhalf"]), ["one", "two", "three"]);
    assert.deepEqual(await read([]), []);
    assert.deepEqual(await read(["half"]), []);
  });

  it("reads each line as it is told to", async () => {
    const bytes = [Buffer.from("one\ntwo\n")];
    const lines: string[] = [];
    for await (const line of linesOf(chunks(bytes), (line) => line.toString("hex"))) lines.push(line);
    assert.deepEqual(lines, ["6f6e65", "74776f"]);
  });

  it("answers the same lines wherever the bytes are cut, also inside a character", async () => {
    const line = fc.string({ unit: fc.constantFrom("a", "é", "€", "😀", '"') }).filter((text) => text !== "");
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.nat(40)), async (lines, cuts) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(""));
        const at = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        const parts = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        assert.deepEqual(await read(parts), lines);
      }),
    );
  });
});
