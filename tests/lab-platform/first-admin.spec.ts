import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { linkState } from "../../lab/platform/first-admin.ts";
import type { Clock } from "../../services/lib/clock.ts";
import { type Issued, issue } from "../support/public-certificates.ts";

/** Time that passes in sleeps alone. */
function manualClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = [];
  const now = (): number => slept.reduce((sum, ms) => sum + ms, 0);
  return { slept, now, monotonicMs: now, sleep: async (ms) => void slept.push(ms) };
}

describe("linkState", () => {
  let root: Issued;
  let server: Server;
  let origin: string;
  let answers: number[];
  let asked: string[];
  before(async () => {
    root = await issue("root");
    const leaf = await issue("leaf", { names: ["carrel.localhost"], usage: "serverAuth" }, root);
    server = createServer({ key: leaf.keyPem, cert: leaf.pem }, (request, response) => {
      asked.push(`${request.method} ${request.headers.host?.split(":")[0]} ${request.url}`);
      response.writeHead(answers.shift() ?? 503).end("page");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    origin = `https://carrel.localhost:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    answers = [];
    asked = [];
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const state = (clock: Clock, ca: string | undefined = root.pem) =>
    linkState(`${origin}/welcome/first?token=t`, { ca, clock, patienceMs: 1_000 });

  it("is what the page says, on this machine whatever the resolver knows", async () => {
    answers = [200, 410];
    assert.deepEqual([await state(manualClock()), await state(manualClock())], ["valid", "used"]);
    assert.deepEqual(asked, Array(2).fill("GET carrel.localhost /welcome/first?token=t"));
  });

  it("waits for a platform that is not there yet", async () => {
    answers = [503, 500, 410];
    const clock = manualClock();
    assert.equal(await state(clock), "used");
    assert.deepEqual(clock.slept, [500, 500]);
  });

  it("does not know after a while, and names no token then", async () => {
    assert.deepEqual(await state(manualClock()), { unknown: `${origin} answered with 503` });
    assert.equal(asked.length, 3);
  });

  it("trusts no certificate but those of the authority", async () => {
    const other = await issue("other");
    answers = [200];
    const { unknown } = (await state(manualClock(), other.pem)) as { unknown: string };
    assert.match(unknown, /^https:\/\/carrel\.localhost:\d+: .*certificate/);
    assert.deepEqual(asked, []);
  });
});
