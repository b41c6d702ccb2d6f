import assert from "node:assert/strict";
import { Agent } from "node:https";
import { connect } from "node:tls";
import { denial } from "../../../quota/denial.ts";
import type { KeyPair } from "../../../services/admission/certificates.ts";
import { secureContext } from "../../../services/admission/server.ts";
import { Caller, listening, portOf, type Reply, reviewOf } from "./https-server.ts";
import { selfSigned } from "./key-pair.ts";

describe("webhookServer", () => {
  let pair: KeyPair;
  let caller: Caller;

  before(async () => {
    pair = await selfSigned("localhost", new Date(Date.now() + 86_400_000));
  });
  beforeEach(async () => {
    caller = new Caller(pair, pair.cert);
    await listening(caller.server);
  });
  afterEach(() => caller.close());

  it("keeps a connection for longer than the API server does, and waits for no headers and no body for long", () => {
    const { keepAliveTimeout, headersTimeout, requestTimeout, maxConnections } = caller.server;
    assert.deepEqual(
      { keepAliveTimeout, headersTimeout, requestTimeout, maxConnections },
      { keepAliveTimeout: 120_000, headersTimeout: 30_000, requestTimeout: 35_000, maxConnections: 2_048 },
    );
  });

  const handshake = (maxVersion: "TLSv1.2" | "TLSv1.3"): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const options = {
        host: "127.0.0.1",
        port: portOf(caller.server),
        ca: pair.cert,
        servername: "localhost",
        maxVersion,
      };
      const socket = connect({ ...options, minVersion: "TLSv1.2", ALPNProtocols: ["h2", "http/1.1"] }, () => {
        resolve([socket.getProtocol(), socket.alpnProtocol]);
        socket.destroy();
      });
      socket.on("error", reject);
    });

  it("speaks HTTP/1.1 over TLS 1.3 and nothing older, also with another certificate", async () => {
    for (const _ of ["first", "next"]) {
      assert.deepEqual(await handshake("TLSv1.3"), ["TLSv1.3", "http/1.1"]);
      await assert.rejects(handshake("TLSv1.2"), { code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION" });
      caller.server.setSecureContext(secureContext(pair));
    }
  });

  it("lives on after what is neither TLS nor HTTP", async () => {
    const socket = await caller.connect();
    socket.write("\0\x01 nonsense\r\n\r\n");
    let text = "";
    for await (const chunk of socket.setEncoding("utf8")) text += chunk;
    assert.match(text, /^HTTP\/1\.1 400 Bad Request/);
    assert.equal((await caller.send("/quota")).code, 200);
  });

  it("stops to look at deadlines when it is closed", async () => {
    const waits: (AbortSignal | undefined)[] = [];
    const clock = {
      now: () => 0,
      monotonicMs: () => performance.now(),
      sleep: (_ms: number, signal?: AbortSignal) => {
        waits.push(signal);
        return new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()));
      },
    };
    const own = new Caller(pair, pair.cert, {}, { clock });
    await listening(own.server);
    assert.deepEqual(
      waits.map((signal) => signal?.aborted),
      [false],
    );
    await own.close();
    assert.deepEqual(
      waits.map((signal) => signal?.aborted),
      [true],
    );
  });
});

describe("a storm of calls", () => {
  const CALLS = 2_000;
  // No deadline passes, however long this machine takes for as many handshakes.
  const stopped = {
    now: () => 0,
    monotonicMs: () => 0,
    sleep: (_ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve())),
  };
  let pair: KeyPair;

  before(async () => {
    pair = await selfSigned("localhost", new Date(Date.now() + 86_400_000));
  });

  /** What became of a call that only an even number lets in. */
  const outcomeOf = ({ code, body }: Reply, uid: number): string | number | undefined => {
    const { response } = JSON.parse(body) as {
      response: { uid: string; allowed: boolean; status?: { code: number } };
    };
    assert.deepEqual([code, response.uid], [200, String(uid)]);
    if (response.allowed) assert.equal(uid % 2, 0);
    return response.allowed ? "allowed" : response.status?.code;
  };

  it("is answered to the last, lets in only what was decided, and is over when it is over", async () => {
    const caller = new Caller(pair, pair.cert, {}, { clock: stopped });
    await listening(caller.server);
    const release: (() => void)[] = [];
    // Every other pod is to be denied, and no decision comes before all calls are there.
    caller.webhooks["/quota"] = ({ uid }) =>
      new Promise((resolve) => {
        release.push(() => resolve(Number(uid) % 2 === 0 ? undefined : denial("QuotaExceeded", "no")));
      });
    const agent = new Agent({
      keepAlive: true,
      maxSockets: CALLS,
      maxFreeSockets: CALLS,
      ca: pair.cert,
      servername: "localhost",
    });
    const sendAll = (path: string, count: number): Promise<Reply>[] =>
      Array.from({ length: count }, (_, uid) => caller.send(path, reviewOf({ uid: String(uid) }), { agent }));
    // Connections first: what is measured is the calls, and not this process's handshakes with itself.
    for (let open = 500; open <= CALLS; open += 500) await Promise.all(sendAll("/mutate", open));
    const sent = sendAll("/quota", CALLS);
    let answered = 0;
    const settle = (): number => answered++;
    for (const reply of sent) void reply.then(settle, settle);
    while (answered + release.length < CALLS) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([release.length, caller.calls.count], [512, 512]);
    for (const decide of release) decide();
    const outcomes = (await Promise.all(sent)).map(outcomeOf);
    const count = (outcome: unknown): number => outcomes.filter((one) => one === outcome).length;
    assert.deepEqual([count("allowed") + count(403), count(429)], [512, CALLS - 512]);
    agent.destroy();
    caller.webhooks["/quota"] = async () => undefined;
    for (let i = 0; i < 10; i++) assert.equal((await caller.response("/quota"))["allowed"], true);
    assert.equal(caller.calls.count, 0);
    await caller.close();
  }).timeout(120_000);
});
