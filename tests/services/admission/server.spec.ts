import assert from "node:assert/strict";
import type { Server } from "node:http";
import { get as httpGet } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { connect } from "node:tls";
import { denial } from "../../../quota/denial.ts";
import type { KeyPair } from "../../../services/admission/certificates.ts";
import { AdmissionMetrics } from "../../../services/admission/metrics.ts";
import { deadlineOf, healthServer, type Webhook, webhookServer } from "../../../services/admission/server.ts";
import { systemClock } from "../../../services/lib/clock.ts";
import { createLogger } from "../../../services/lib/log.ts";
import { selfSigned } from "./key-pair.ts";

interface Answer {
  readonly code: number;
  readonly body: string;
  readonly type: string | undefined;
  /** Our end of the connection: the same port is the same connection. */
  readonly port: number | undefined;
}

const review = JSON.stringify({
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: { uid: "7", operation: "CREATE", namespace: "work" },
});
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const listening = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

describe("webhookServer", () => {
  let pair: KeyPair;
  let server: Server;
  let agent: Agent;
  let webhook: Webhook;
  let metrics: AdmissionMetrics;
  let logged: string[];
  let draining: boolean;

  before(async () => {
    pair = await selfSigned("localhost", new Date(Date.now() + 86_400_000));
  });
  beforeEach(async () => {
    [metrics, logged, webhook] = [new AdmissionMetrics(), [], async () => undefined];
    const log = createLogger({ write: (line) => logged.push(JSON.parse(line).event) });
    const webhooks = { "/quota": ((...args) => webhook(...args)) satisfies Webhook };
    draining = false;
    const isDraining = (): boolean => draining;
    server = webhookServer({ webhooks, metrics, clock: systemClock, log, isDraining }, pair);
    agent = new Agent({ keepAlive: true, maxSockets: 1, ca: pair.cert, servername: "localhost" });
    await listening(server);
  });
  afterEach(async () => {
    agent.destroy();
    await closed(server);
  });

  const json = { "content-type": "application/json" };
  const send = (path: string, body: string | Buffer = review, method = "POST", headers = json): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port: portOf(server), path, method, agent, headers };
      const request = httpsRequest(options, (response) => {
        const port = response.socket.localPort;
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("error", reject).on("end", () => {
          const { statusCode = 0, headers } = response;
          resolve({ code: statusCode, body: text, type: headers["content-type"], port });
        });
      });
      request.on("error", reject).end(body);
    });

  it("answers a review with the verdict, counts it and says it in the log", async () => {
    const allowed =
      '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"7","allowed":true}}';
    const { port: _, ...answer } = await send("/quota?timeout=5s");
    assert.deepEqual(answer, { code: 200, body: allowed, type: "application/json" });
    webhook = async () => denial("GroupUnknown", "why");
    const { response } = JSON.parse((await send("/quota")).body);
    assert.deepEqual([response.allowed, response.status.message], [false, "why"]);
    const counts = metrics.requests.render().split("\n").slice(2, -1);
    assert.deepEqual(counts, [
      'carrel_admission_requests_total{webhook="quota",operation="CREATE",outcome="Allowed"} 1',
      'carrel_admission_requests_total{webhook="quota",operation="CREATE",outcome="GroupUnknown"} 1',
    ]);
    assert.match(metrics.duration.render(), /carrel_admission_duration_seconds_count\{webhook="quota"\} 2\n/);
    assert.deepEqual(logged, ["decided", "decided"]);
  });

  it("answers 404 for any other path", async () => {
    for (const path of ["/", "/quota/", "/constructor"]) {
      const { code, body } = await send(path);
      assert.deepEqual([path, code, body], [path, 404, `there is no webhook at ${path}\n`]);
    }
  });

  it("answers 405 and 415 for other methods, types and encodings", async () => {
    const got = await send("/quota", "", "GET");
    assert.deepEqual([got.code, got.body], [405, "GET is not allowed: POST an AdmissionReview\n"]);
    const text = await send("/quota", review, "POST", { "content-type": "text/plain" });
    assert.deepEqual([text.code, text.body], [415, 'content type "text/plain" is not application/json\n']);
    const packed = await send("/quota", review, "POST", { ...json, "content-encoding": "gzip" } as typeof json);
    assert.deepEqual([packed.code, packed.body], [415, 'content encoding "gzip" is not supported\n']);
    const typed = await send("/quota", review, "POST", { "content-type": "Application/JSON; charset=utf-8" });
    assert.equal(typed.code, 200);
  });

  it("answers 400 for bytes that are not UTF-8, and for what is nested beyond measure", async () => {
    const bytes = await send("/quota", Buffer.from([0x22, 0xff, 0x22]));
    assert.deepEqual([bytes.code, bytes.body], [400, "the body is not UTF-8\n"]);
    const nested = await send("/quota", "[".repeat(1_000_000));
    assert.equal(nested.code, 400);
    assert.equal((await send("/quota")).code, 200);
  });

  it("answers 400 for what is no review, and 500 for a webhook that cannot tell", async () => {
    const { code, body } = await send("/quota", "{");
    assert.equal(code, 400);
    assert.match(body, /^the body is not JSON: .*\n$/);
    webhook = () => Promise.reject(new Error("no"));
    const { port: _, ...answer } = await send("/quota");
    assert.deepEqual(answer, { code: 500, body: "no\n", type: "text/plain; charset=utf-8" });
    assert.deepEqual(logged, ["no-verdict", "no-verdict"]);
  });

  it("answers 413 for more than 8 MiB, takes 8 MiB, and goes on", async () => {
    const limit = 8 * 1024 * 1024;
    for (const size of [limit + 1, 4 * limit]) {
      const { code, body } = await send("/quota", Buffer.alloc(size, " "));
      assert.deepEqual([code, body], [413, "the body is larger than 8388608 bytes\n"]);
    }
    assert.equal(
      (await send("/quota", Buffer.concat([Buffer.alloc(limit - review.length, " "), Buffer.from(review)]))).code,
      200,
    );
  });

  it("keeps a connection, for longer than the API server does", async () => {
    const ports = [await send("/quota"), await send("/quota", "{"), await send("/none"), await send("/quota")];
    assert.equal(new Set(ports.map(({ port }) => port)).size, 1);
    assert.equal(server.keepAliveTimeout, 120_000);
  });

  const handshake = (maxVersion: "TLSv1.2" | "TLSv1.3"): Promise<string | null> =>
    new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port: portOf(server), ca: pair.cert, servername: "localhost", maxVersion };
      const socket = connect({ ...options, minVersion: "TLSv1.2" }, () => {
        resolve(socket.getProtocol());
        socket.destroy();
      });
      socket.on("error", reject);
    });

  it("ends connections with their answer while it drains, and answers still", async () => {
    const { port } = await send("/quota");
    draining = true;
    const last = await send("/quota");
    assert.deepEqual([last.code, last.port], [200, port]);
    const next = await send("/quota");
    assert.deepEqual([next.code, next.port === port], [200, false]);
  });

  it("speaks TLS 1.3 and nothing older", async () => {
    assert.equal(await handshake("TLSv1.3"), "TLSv1.3");
    await assert.rejects(handshake("TLSv1.2"), { code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION" });
  });
});

describe("deadlineOf", () => {
  const cases = [
    ["timeout=10s", 8_000],
    ["a=b&timeout=1.5s", 1_200],
    ["", 4_000],
    ["timeout=", 4_000],
    ["timeout=5m", 4_000],
    ["timeout=-5s", 4_000],
    ["notimeout=9s", 4_000],
  ] as const;
  for (const [query, ms] of cases) {
    it(`leaves ${ms} ms of "${query}"`, () => {
      assert.equal(deadlineOf(query, 1_000), 1_000 + ms);
    });
  }
});

describe("healthServer", () => {
  it("answers /livez, /readyz with the reason, /metrics, and 404", async () => {
    let reason: string | undefined;
    const server = healthServer({ metrics: () => "up 1\n", notReady: () => reason });
    await listening(server);
    const ask = (path: string): Promise<unknown[]> =>
      new Promise((resolve, reject) => {
        httpGet({ host: "127.0.0.1", port: portOf(server), path, agent: false }, (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk: string) => {
            text += chunk;
          });
          response.on("end", () => resolve([response.statusCode, response.headers["content-type"], text]));
        }).on("error", reject);
      });
    const plain = "text/plain; charset=utf-8";
    assert.deepEqual(await ask("/livez"), [200, plain, "ok\n"]);
    assert.deepEqual(await ask("/readyz"), [200, plain, "ok\n"]);
    reason = "draining";
    assert.deepEqual(await ask("/readyz"), [503, plain, "draining\n"]);
    assert.deepEqual(await ask("/livez"), [200, plain, "ok\n"]);
    assert.deepEqual(await ask("/metrics"), [200, "text/plain; version=0.0.4; charset=utf-8", "up 1\n"]);
    assert.deepEqual(await ask("/none"), [404, plain, "not found\n"]);
    await closed(server);
  });
});
