import assert from "node:assert/strict";
import { once } from "node:events";
import { mock } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { KubeClient } from "../../../../services/lib/kube/client.ts";
import { json, type ScriptedServer, scriptedServer } from "./scripted-server.ts";

const busy = (retryAfter?: string) =>
  json(
    429,
    { kind: "Status", message: "too many requests", reason: "TooManyRequests" },
    retryAfter === undefined ? {} : { "retry-after": retryAfter },
  );

/** No whole second, which these tests make pass at once. */
const PATIENT_MS = 4_999;
const HASTY_MS = 50;

describe("KubeClient and time", () => {
  let server: ScriptedServer;
  let client: KubeClient;
  beforeEach(async () => {
    server = await scriptedServer(json(200, { ok: true }));
    client = new KubeClient({ server: server.url }, { timeoutMs: PATIENT_MS });
  });
  afterEach(async () => {
    mock.restoreAll();
    client.close();
    await server.close();
  });

  /** Makes waits of whole seconds end at once, and writes them down. */
  function skipWaits(): number[] {
    const waits: number[] = [];
    const real = globalThis.setTimeout;
    mock.method(globalThis, "setTimeout", (work: () => void, ms: number) => {
      if (ms >= 0 && ms % 1000 === 0) waits.push(ms);
      return real(work, ms % 1000 === 0 ? 0 : ms);
    });
    return waits;
  }

  it("comes back after 429 when the server says, five seconds at most, one where it gave no number", async () => {
    const waits = skipWaits();
    server.next.push(busy("2"), busy("60"), busy(), busy("Wed, 21 Oct 2026 07:28:00 GMT"));
    assert.deepEqual(await client.request("POST", "/x", { body: { a: 1 } }), { ok: true });
    assert.deepEqual(waits, [2000, 5000, 1000, 1000]);
    assert.deepEqual(
      server.seen.map(({ method, body }) => [method, body]),
      Array.from({ length: 5 }, () => ["POST", '{"a":1}']),
    );
  });

  it("gives up after four returns", async () => {
    server.fallback = busy("0");
    await assert.rejects(client.request("GET", "/x"), {
      name: "KubeError",
      code: 429,
      reason: "TooManyRequests",
      message: "too many requests",
    });
    assert.equal(server.seen.length, 5);
  });

  it("does not wait for an answer longer than its deadline", async () => {
    server.fallback = () => {};
    await assert.rejects(client.request("GET", "/slow", { timeoutMs: HASTY_MS }), {
      message: `GET /slow: no answer from ${server.url} within ${HASTY_MS} ms`,
    });
    await assert.rejects(client.stream("GET", "/slow", { timeoutMs: 20 }), {
      message: `GET /slow: no answer from ${server.url} within 20 ms`,
    });
  });

  it("does not wait for the rest of a body longer than its deadline", async () => {
    server.fallback = (_seen, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("{");
    };
    await assert.rejects(client.request("GET", "/slow", { timeoutMs: HASTY_MS }), {
      message: `GET /slow: no answer from ${server.url} within ${HASTY_MS} ms`,
    });
  });

  it("does not wait for the rest of a stream's failure longer than its deadline", async () => {
    server.fallback = (_seen, response) => {
      response.writeHead(500, { "content-length": "100" });
      response.write("{");
    };
    await assert.rejects(client.stream("GET", "/w", { timeoutMs: HASTY_MS }), {
      message: `GET /w: no answer from ${server.url} within ${HASTY_MS} ms`,
    });
  });

  it("ends its pause after 429 with its signal", async () => {
    const stop = new AbortController();
    server.fallback = (seen, response) => {
      busy("5")(seen, response);
      response.once("finish", () => stop.abort());
    };
    await assert.rejects(client.request("GET", "/x", { signal: stop.signal }), { name: "AbortError" });
    assert.equal(server.seen.length, 1);
  });

  it("answers requests beside more streams than it may have connections", async () => {
    const narrow = new KubeClient({ server: server.url }, { timeoutMs: 1_000, maxSockets: 1 });
    const answer = server.fallback;
    server.fallback = (seen, response) =>
      seen.path === "/w" ? void response.write("first\n") : answer(seen, response);
    const streams = [await narrow.stream("GET", "/w"), await narrow.stream("GET", "/w")];
    assert.deepEqual(await narrow.request("GET", "/x"), { ok: true });
    for (const stream of streams) stream.destroy();
    narrow.close();
  });

  it("lets a stream live on after it began", async () => {
    let end: () => void = () => {};
    server.fallback = (_seen, response) => {
      response.write("first\n");
      end = () => void response.end("last\n");
    };
    const stream = await client.stream("GET", "/w", { timeoutMs: 20 });
    const since = performance.now();
    while (performance.now() - since < 60) await turn();
    end();
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    assert.equal(Buffer.concat(chunks).toString(), "first\nlast\n");
  });

  it("ends with its signal, before the answer and within a stream", async () => {
    server.fallback = (_seen, response) => void response.write("first\n");
    const stop = new AbortController();
    const stream = await client.stream("GET", "/w", { signal: stop.signal });
    const failed = once(stream, "error");
    stop.abort();
    const [error] = (await failed) as [Error];
    assert.match(error.message, /abort/i);
    await assert.rejects(client.request("GET", "/x", { signal: AbortSignal.abort() }), { name: "AbortError" });
  });
});
