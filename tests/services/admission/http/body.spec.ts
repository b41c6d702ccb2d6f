import assert from "node:assert/strict";
import { once } from "node:events";
import type { KeyPair } from "../../../../services/admission/certificates.ts";
import { takeText } from "../../../../services/admission/http/body.ts";
import { Caller, received, reviewOf } from "../https-server.ts";
import { selfSigned } from "../key-pair.ts";

const MEBIBYTE = 1024 * 1024;
const head = (path: string, length: number | string): string =>
  `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${
    typeof length === "number" ? `content-length: ${length}` : length
  }\r\n\r\n`;

describe("takeText", () => {
  it("leaves nothing in the chunks, so that who waited for them does not hold the text", () => {
    const text = '{"name":"\u00e9"}';
    const bytes = Buffer.from(text);
    for (const cuts of [[], [1], [9, 10], [0, 0]]) {
      const ends = [...cuts, bytes.length];
      const chunks = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
      assert.equal(takeText(chunks), text);
      assert.deepEqual(chunks, []);
    }
    assert.equal(takeText([]), "");
  });

  it("leaves managed fields out, which nobody reads", () => {
    const bytes = Buffer.from('{"name":"a","managedFields":[{"manager":"hub"}]}');
    assert.equal(takeText([bytes.subarray(0, 20), bytes.subarray(20)]), '{"name":"a"}');
  });
});

describe("readBody", () => {
  let pair: KeyPair;
  let caller: Caller;
  const start = async (bodyBytes?: number): Promise<void> => {
    caller = new Caller(pair, pair.cert, bodyBytes === undefined ? {} : { bodyBytes });
    await new Promise<void>((resolve) => caller.server.listen(0, "127.0.0.1", resolve));
  };
  const left = async (): Promise<void> => {
    while (caller.calls.count > 0) await new Promise((resolve) => setImmediate(resolve));
  };

  before(async () => {
    pair = await selfSigned("localhost", new Date(Date.now() + 86_400_000));
  });
  afterEach(async () => {
    const { code } = await caller.send("/quota");
    await caller.close();
    assert.deepEqual([code, caller.calls.count], [200, 0]);
  });

  it("refuses bytes that are not UTF-8", async () => {
    await start();
    for (const bytes of [[0x22, 0xff, 0x22], [0xc3], [0xed, 0xa0, 0x80]]) {
      const { code, body } = await caller.send("/quota", Buffer.from(bytes));
      assert.deepEqual([code, body], [400, "the body is not UTF-8\n"]);
    }
  });

  it("takes a text that is cut inside a letter", async () => {
    await start();
    const bytes = Buffer.from(reviewOf({ uid: "\u00e9" }));
    const at = bytes.indexOf(0xc3) + 1;
    const socket = await caller.connect();
    socket.write(head("/quota", `content-length: ${bytes.length}\r\nconnection: close`));
    socket.write(bytes.subarray(0, at), () => setImmediate(() => socket.write(bytes.subarray(at))));
    assert.match(await received(socket), /"uid":"\u00e9","allowed":true/);
  });

  it("refuses more than 8 MiB, said or sent, takes 8 MiB, and goes on", async () => {
    await start();
    for (const size of [8 * MEBIBYTE + 1, 32 * MEBIBYTE]) {
      const sent = await caller.send("/quota", Buffer.alloc(size, " "));
      const chunked = await caller.send("/quota", Buffer.alloc(size, " "), {
        headers: { "transfer-encoding": "chunked" },
      });
      for (const { code, body } of [sent, chunked]) {
        assert.deepEqual([code, body], [413, "the body is larger than 8388608 bytes\n"]);
      }
    }
    const review = reviewOf();
    const largest = Buffer.concat([Buffer.alloc(8 * MEBIBYTE - review.length, " "), Buffer.from(review)]);
    assert.equal((await caller.send("/quota", largest)).code, 200);
  });

  it("lets wait who asks first, until the body is wanted", async () => {
    await start();
    const ask = async (path: string, length: number): Promise<string> => {
      const socket = await caller.connect();
      socket.write(head(path, `content-length: ${length}\r\nexpect: 100-continue`));
      const [chunk] = (await once(socket, "data")) as [Buffer];
      socket.destroy();
      return String(chunk).split("\r\n", 1)[0] ?? "";
    };
    assert.equal(await ask("/quota", 10), "HTTP/1.1 100 Continue");
    assert.equal(await ask("/quota", 9 * MEBIBYTE), "HTTP/1.1 413 Payload Too Large");
    assert.equal(await ask("/none", 10), "HTTP/1.1 404 Not Found");
    await left();
    const { code } = await caller.send("/quota", reviewOf(), { headers: { expect: "100-continue" } });
    assert.equal(code, 200);
  });

  it("cuts a body that never ends at the call's deadline, and its connection", async () => {
    await start();
    for (const path of ["/quota", "/mutate"]) {
      const socket = await caller.connect();
      socket.write(`${head(`${path}?timeout=500ms`, 100)}{`);
      const text = await received(socket);
      assert.match(text, /^HTTP\/1\.1 408 Request Timeout\r\n/);
      assert.match(text, /\r\nconnection: close\r\n/i);
      assert.match(text, /\r\n\r\nthe body did not come within the call's time\n$/);
    }
  });

  it("forgets a caller that goes in the middle of its body", async () => {
    await start();
    for (let i = 0; i < 20; i++) {
      const socket = await caller.connect();
      socket.write(`${head("/quota", 100)}{`);
      while (caller.calls.count === 0) await new Promise((resolve) => setImmediate(resolve));
      socket.destroy();
      await left();
    }
    assert.deepEqual(new Set(caller.lines.map(({ event }) => event)), new Set(["no-verdict"]));
  });

  it("has no room for more bytes than all bodies may have, and room again when they are answered", async () => {
    await start(2_000);
    const waiting = await caller.connect();
    waiting.write(`${head("/quota", 1_900)}${" ".repeat(1_500)}`);
    while (caller.calls.count === 0) await new Promise((resolve) => setImmediate(resolve));
    for (const path of ["/quota", "/mutate"]) {
      const { code, body, headers } = await caller.send(path, " ".repeat(600));
      const message = "overloaded: too many bytes of reviews are under way: try again\n";
      assert.deepEqual([code, body, headers["retry-after"]], [503, message, "1"]);
    }
    assert.match(
      caller.metrics.shed.render(),
      /\{webhook="quota",cause="bytes"\} 1\n.*\{webhook="mutate",cause="bytes"\} 1\n/,
    );
    waiting.destroy();
    await left();
  });
});
