import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selfSignedPair } from "../../../bench/admission/key-pair.ts";
import { callWebhook, ensureCaller, goInCaller, type Load, startCalling } from "../../../bench/caller.ts";
import type { KeyPair } from "../../../services/admission/certificates.ts";

type Answer = { readonly status?: number; readonly body?: string; readonly headers?: Record<string, string> };
/** What a server does with the n-th request of a connection: it answers, or nothing and the connection ends. */
type Behaviour = (review: { uid: string }, path: string, nth: number) => Answer | undefined | Promise<Answer>;

const uid = "00000000-0000-4000-8000-000000000000";
const allow = (review: { uid: string }, allowed = true): Answer => ({
  body: JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: { uid: review.uid, allowed },
  }),
});

/** A webhook whose every move is the test's, and what it was asked. */
class Webhook {
  readonly requests: { readonly url: string; readonly headers: Record<string, unknown>; readonly uid: string }[] = [];
  readonly #server: Server;

  constructor(behaviour: Behaviour, options: ServerOptions) {
    const counts = new WeakMap<object, number>();
    this.#server = createServer(options, (request, response) => {
      const nth = (counts.get(request.socket) ?? 0) + 1;
      counts.set(request.socket, nth);
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", async () => {
        const { request: review } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { request: { uid: string } };
        const { url = "", headers } = request;
        this.requests.push({ url, headers, uid: review.uid });
        const answer = await behaviour(review, url, nth);
        if (!answer) request.socket.destroy();
        else response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
      });
    });
  }

  listen(): Promise<string> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => resolve(`127.0.0.1:${(this.#server.address() as AddressInfo).port}`));
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

describe("the caller of webhooks", () => {
  let program: string;
  let pair: KeyPair;
  const open: Webhook[] = [];
  const scratch = mkdtempSync(join(tmpdir(), "carrel-caller-"));

  const started = async (behaviour: Behaviour, options: ServerOptions = {}): Promise<[Webhook, Load]> => {
    const webhook = new Webhook(behaviour, { ...pair, ...options });
    open.push(webhook);
    const calls = [{ path: "/review", body: JSON.stringify({ request: { uid } }) }];
    const address = await webhook.listen();
    return [webhook, { address, serverName: "localhost", ca: pair.cert, calls, uid, timeoutSeconds: 30 }];
  };
  /** Calls one after another, `gapMs` apart, by one client; a second is enough for an answer on a busy machine. */
  const inTurn = (count: number, gapMs: number): Load["moments"] =>
    Array.from({ length: count }, (_, i) => ({ atMs: i * gapMs, client: 0 }));

  before(async function () {
    // The first time on a machine it is built, and what it needs of Go's own library.
    this.timeout(600_000);
    program = await ensureCaller();
    pair = await selfSignedPair();
  });
  after(() => {
    for (const webhook of open) webhook.close();
    rmSync(scratch, { recursive: true });
  });

  it("passes its own tests and go vet", async function () {
    this.timeout(600_000);
    assert.match(await goInCaller("test", "-trimpath", "-vet=all", "."), /^ok\s+carrel\.dev\/bench\/caller\s/);
  });

  it("is taken from the cache when nothing changed", async () => {
    assert.equal(await ensureCaller(), program);
  });

  it("sends what the API server sends, with a uid of its own in each call", async () => {
    const [webhook, load] = await started((review) => allow(review));
    const { calls, failed } = await callWebhook(program, { ...load, moments: inTurn(2, 50) ?? [] });
    assert.deepEqual({ calls, failed }, { calls: 2, failed: 0 });
    const uids = webhook.requests.map((request) => request.uid);
    assert.equal(new Set([...uids, uid]).size, 3);
    const body = JSON.stringify({ request: { uid } });
    assert.deepEqual(webhook.requests[0], {
      url: "/review?timeout=30s",
      headers: {
        accept: "application/json, */*",
        "accept-encoding": "gzip",
        "content-length": String(body.length),
        "content-type": "application/json",
        host: "localhost:443",
        "user-agent": "kube-apiserver-admission",
      },
      uid: uids[0],
    });
  });

  it("counts answers by status and verdict, by path, and keeps its rate", async () => {
    const [, load] = await started((review, path) => {
      if (path.startsWith("/broken")) return { status: 500, body: "out of order\n" };
      return allow(review, path.startsWith("/open"));
    });
    const body = JSON.stringify({ request: { uid } });
    const calls = ["/open", "/shut", "/open", "/broken"].map((path) => ({ path, body }));
    const latenciesFile = join(scratch, "latencies");
    const summary = await callWebhook(program, { ...load, calls, ratePerSecond: 200, seconds: 1, latenciesFile });
    assert.equal(summary.calls, 200);
    assert.deepEqual(summary.statuses, { "200": 150, "500": 50 });
    assert.deepEqual(summary.verdicts, { "/open": { allowed: 100, denied: 0 }, "/shut": { allowed: 0, denied: 50 } });
    assert.deepEqual([summary.failed, summary.errors], [50, { "status 500: out of order": 50 }]);
    assert.ok(summary.seconds >= 0.995, `200 calls at 200/s took ${summary.seconds} s`);
    const latencies = readFileSync(latenciesFile, "utf8").trim().split("\n").map(Number);
    assert.deepEqual([latencies.length, Math.max(...latencies)], [200, summary.latencyMs.max]);
  });

  it("takes 25 connections back into its pool, and no more", async () => {
    const waiting: (() => void)[] = [];
    const answerTogether: Behaviour = async (review) => {
      // Answers go out when all 40 calls are under way, each on a connection of its own.
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 40) for (const release of waiting.splice(0)) release();
      });
      return allow(review);
    };
    const [, load] = await started(answerTogether, { keepAliveTimeout: 60_000 });
    const burst = (atMs: number): { atMs: number; client: number }[] =>
      Array.from({ length: 40 }, () => ({ atMs, client: 0 }));
    const summary = await callWebhook(program, { ...load, moments: [...burst(0), ...burst(5000)] });
    assert.deepEqual([summary.failed, summary.connections, summary.reused], [0, 40 + 15, 25]);
  });

  it("calls on time while answers are late, and counts from when a call was due", async () => {
    let underWay = 0;
    let release = (): void => {};
    const stalled = new Promise<void>((resolve) => {
      release = resolve;
    });
    const [, load] = await started(async (review) => {
      if (++underWay === 25) release();
      // Who waits for answers gets the first one at last, and is found out by the numbers below.
      if (underWay === 1) setTimeout(release, 20_000).unref();
      await stalled;
      return allow(review);
    });
    const { calls, connections, latencyMs } = await callWebhook(program, { ...load, ratePerSecond: 50, limit: 25 });
    // A caller that waits for answers would have made one slow call, and 24 fast ones.
    assert.deepEqual({ calls, connections }, { calls: 25, connections: 25 });
    assert.ok(latencyMs.p50 > 100, `the median is ${latencyMs.p50} ms`);
  });

  it("fails a call whose connection ends under it, and does not send it again", async () => {
    const [webhook, load] = await started((review, _, nth) => (nth === 1 ? allow(review) : undefined));
    const { calls, failed, errors, connections } = await callWebhook(program, {
      ...load,
      moments: inTurn(8, 1000) ?? [],
    });
    assert.deepEqual({ calls, failed, connections }, { calls: 8, failed: 4, connections: 4 });
    assert.equal(webhook.requests.length, 8);
    assert.deepEqual(Object.keys(errors), ["EOF"]);
  });

  it("shows connections that a server keeps for a shorter time than it does itself", async () => {
    // Node's own default scaled: what is idle for 100 ms is closed, and its buffer of a second is left out.
    const options = { keepAliveTimeout: 100, keepAliveTimeoutBuffer: 0 } as ServerOptions;
    const [, load] = await started((review) => allow(review), options);
    const { calls, connections, reused } = await callWebhook(program, { ...load, moments: inTurn(4, 1500) ?? [] });
    assert.deepEqual({ calls, connections, reused }, { calls: 4, connections: 4, reused: 0 });
  });

  it("gives each call a connection on demand, and names the certificate of each", async () => {
    const [, load] = await started((review) => allow(review));
    const summary = await callWebhook(program, { ...load, ratePerSecond: 100, limit: 10, freshConnections: true });
    assert.deepEqual([summary.failed, summary.connections, summary.reused], [0, 10, 0]);
    assert.deepEqual(Object.values(summary.certificates), [10]);
  });

  for (const [what, answer, error] of [
    ["of another review", allow({ uid: randomUUID() }), "the answer is to another review"],
    ["that is no review", { body: "{}" }, "the answer is no AdmissionReview with a response"],
    ["without a response", { body: '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}' }, undefined],
  ] as const) {
    it(`fails a call with an answer ${what}`, async () => {
      const [, load] = await started(() => answer);
      const { failed, errors } = await callWebhook(program, { ...load, ratePerSecond: 1, limit: 1 });
      const text = error ?? "the answer is no AdmissionReview with a response";
      assert.deepEqual([failed, errors], [1, { [text]: 1 }]);
    });
  }

  it("fails calls to a server of another authority", async () => {
    const [, load] = await started((review) => allow(review));
    const { cert: ca } = await selfSignedPair();
    const { failed, errors } = await callWebhook(program, { ...load, ca, ratePerSecond: 1, limit: 1 });
    assert.equal(failed, 1);
    assert.match(Object.keys(errors)[0] ?? "", /^tls: failed to verify certificate: x509: /);
  });

  it("ends when it is stopped, with what it has done", async () => {
    let answered: (() => void) | undefined;
    const one = new Promise<void>((resolve) => {
      answered = resolve;
    });
    const [, load] = await started((review) => {
      answered?.();
      return allow(review);
    });
    const calling = startCalling(program, { ...load, ratePerSecond: 100, seconds: 60 });
    await Promise.race([one, calling.summary]);
    calling.stop();
    const { calls, failed, seconds } = await calling.summary;
    assert.ok(calls >= 1 && seconds < 50, `${calls} calls in ${seconds} s`);
    assert.equal(failed, 0);
  });

  it("refuses a load that makes no sense", async () => {
    const load = { address: "", serverName: "localhost", ca: "", calls: [], uid, timeoutSeconds: 5 };
    await assert.rejects(callWebhook(program, load), {
      message: "the caller ended by code 1: give address, serverName, uid, calls and timeoutSeconds",
    });
  });
});
