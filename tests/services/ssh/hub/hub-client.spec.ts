import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import type { Clock } from "../../../../services/lib/clock.ts";
import { HubClient, type Start } from "../../../../services/ssh/hub/hub-client.ts";
import { closeScripted, type Script, scripted } from "../support/hubs.ts";

/** Every wait is over at once, but for the limit of a start, which comes when it is asked for. */
const clock = (limit: Promise<void> = new Promise(() => {})): Clock => ({
  now: () => 0,
  monotonicMs: () => 0,
  sleep: (ms, signal) =>
    ms < 60_000
      ? Promise.resolve()
      : Promise.race([limit, new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()))]),
});

const ada = { user: "ada", server: "" };

async function start(
  script: Script,
  limit?: Promise<void>,
): Promise<{ result: Start; told: string[]; asked: string[] }> {
  const { url, requests } = await scripted(script);
  const told: string[] = [];
  const hub = new HubClient(url, { clock: clock(limit), startMs: 60_000 });
  const { signal } = new AbortController();
  const result = await hub.ensureServer(ada, { token: "t", tell: (message) => told.push(message), signal });
  assert.ok(requests.every(([, authorization]) => authorization === "token t"));
  return { result, told, asked: requests.map(([line]) => line) };
}

/** Answers one after the other; the last stays. */
const inTurn = (...statuses: number[]) => {
  let turn = 0;
  return (_: unknown, response: ServerResponse): void => {
    response.writeHead(statuses[Math.min(turn++, statuses.length - 1)] ?? 500).end("{}");
  };
};

const events =
  (...lines: object[]) =>
  (_: unknown, response: ServerResponse): void => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(lines.map((line) => `data: ${JSON.stringify(line)}\n\n`).join(""));
  };

const [STATUS, START, PROGRESS] = [
  "GET /user/ada/api/status",
  "POST /hub/api/users/ada/server",
  "GET /hub/api/users/ada/server/progress",
];

describe("HubClient.identify", () => {
  afterEach(closeScripted);

  const identify = async (answer: Script[string]) => {
    const { url } = await scripted({ "GET /hub/api/user": answer ?? 404 });
    return new HubClient(url).identify("t");
  };

  it("names the owner of a token", async () => {
    const model = { name: "ada", kind: "user", token_id: "a7", scopes: ["self"] };
    assert.deepEqual(await identify([200, model]), { ok: true, name: "ada", tokenId: "a7" });
  });

  it("refuses unknown tokens and those of services, and keeps both apart from a hub that is away", async () => {
    const unknown = { ok: false, reason: "refused", detail: "the hub does not know the token, or it has expired" };
    assert.deepEqual(await identify(403), unknown);
    assert.deepEqual(await identify(401), unknown);
    const service = { ok: false, reason: "refused", detail: "the token is not a person's" };
    assert.deepEqual(await identify([200, { name: "ada", kind: "service" }]), service);
    assert.deepEqual(await identify([200, { kind: "user", name: 7 }]), service);
    assert.deepEqual(await identify(503), { ok: false, reason: "unavailable", detail: "the hub answered 503" });
    const { url } = await scripted({});
    closeScripted();
    const gone = await new HubClient(url).identify("t");
    assert.match(
      gone.ok ? "" : `${gone.reason}: ${gone.detail}`,
      /^unavailable: the hub does not answer: connect ECONNREFUSED/,
    );
  });
});

describe("HubClient.serverUrl", () => {
  it("escapes names, and knows named servers and a hub below a path", () => {
    const hub = new HubClient(new URL("http://hub.test/jupyter"));
    const url = (user: string, server: string): string => hub.serverUrl({ user, server }, "api/status").href;
    assert.equal(url("ada", ""), "http://hub.test/jupyter/user/ada/api/status");
    assert.equal(url("a/../b?", "g#1"), "http://hub.test/jupyter/user/a%2F..%2Fb%3F/g%231/api/status");
  });
});

describe("HubClient.ensureServer", () => {
  afterEach(closeScripted);

  it("leaves a server that runs alone", async () => {
    assert.deepEqual(await start({ [STATUS]: 200 }), { result: { ok: true }, told: [], asked: [STATUS] });
  });

  it("starts one that does not, tells each step once, and waits until it answers", async () => {
    const { result, told, asked } = await start({
      [STATUS]: inTurn(424, 503, 200),
      [START]: 202,
      [PROGRESS]: events({ message: "Requested" }, { message: "Requested" }, { message: "Ready", ready: true }),
    });
    assert.deepEqual(
      { result, told },
      { result: { ok: true }, told: ["Starting your notebook server ...", "Requested", "Ready"] },
    );
    assert.deepEqual(asked, [STATUS, START, PROGRESS, STATUS, STATUS]);
  });

  it("takes part in a start that somebody else began", async () => {
    const message = "ada is already running";
    const { result } = await start({ [STATUS]: inTurn(424, 200), [START]: [400, { message }], [PROGRESS]: 400 });
    assert.deepEqual(result, { ok: true });
  });

  const failures: [string, Script, string][] = [
    [
      "the hub's words",
      { [START]: 202, [PROGRESS]: events({ failed: true, message: "Quota: 8 of 8 CPUs used" }) },
      "Quota: 8 of 8 CPUs used",
    ],
    [
      "the hub's refusal",
      { [START]: [400, { message: "no such\u001b profile" }], [PROGRESS]: 400 },
      "no such  profile",
    ],
    [
      "that the token may not start",
      { [START]: 403, [PROGRESS]: 403 },
      "the token may not start servers (scope servers)",
    ],
    ["the status of a hub without words", { [START]: 500, [PROGRESS]: 400 }, "the hub answered 500"],
  ];
  for (const [what, script, reason] of failures) {
    it(`says ${what} when a server does not start`, async () => {
      const { result } = await start({ [STATUS]: 424, ...script });
      assert.deepEqual(result, { ok: false, reason });
    });
  }

  it("says that a token may not reach the server", async () => {
    const reason = "the token may not reach this server (scope access:servers)";
    assert.deepEqual((await start({ [STATUS]: 403 })).result, { ok: false, reason });
  });

  it("waits no longer than it may", async () => {
    const silent = (_: unknown, response: ServerResponse): void => void response.writeHead(200).flushHeaders();
    const { result } = await start({ [STATUS]: 424, [START]: 202, [PROGRESS]: silent }, Promise.resolve());
    assert.deepEqual(result, { ok: false, reason: "it did not start within 60 s" });
  });
});
