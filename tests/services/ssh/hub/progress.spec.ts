import assert from "node:assert/strict";
import { type Progress, printable, readProgress } from "../../../../services/ssh/hub/progress.ts";

async function read(...chunks: string[]): Promise<Progress[]> {
  async function* source(): AsyncGenerator<string> {
    yield* chunks;
  }
  const found: Progress[] = [];
  for await (const progress of readProgress(source())) found.push(progress);
  return found;
}

describe("readProgress", () => {
  it("reads events however they are cut, and leaves out what has no message", async () => {
    const events = [
      'data: {"progress": 0, "message": "Server requested"}\n\n',
      ': keep-alive\n\ndata:{"progress": 5}\n\ndata: not JSON\n\n',
      'data: {"progress": 50, "mess',
      'age": "Pulling"}\n\nda',
      'ta: {"progress": 100, "ready": true, "message": "Server ready at /user/ada/"}\n\n',
    ];
    assert.deepEqual(await read(...events), [
      { message: "Server requested" },
      { message: "Pulling" },
      { message: "Server ready at /user/ada/", end: "ready" },
    ]);
  });

  it("tells a failure, also one without a word", async () => {
    const events = 'data: {"failed": true, "message": "quota", "ready": true}\n\ndata: {"failed": true}\n\n';
    assert.deepEqual(await read(events), [
      { message: "quota", end: "failed" },
      { message: "", end: "failed" },
    ]);
  });

  it("keeps terminals from what a message would have them do", async () => {
    assert.deepEqual(await read('data: {"message": "a\\u001b[2Jb\\r\\nc"}\n'), [{ message: "a [2Jb  c" }]);
  });
});

describe("printable", () => {
  it("leaves letters of every language", () => {
    assert.equal(printable("Größe 日本 \u009b\u007f!"), "Größe 日本   !");
  });
});
