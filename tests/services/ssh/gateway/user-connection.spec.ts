import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { Socket } from "node:net";
import type { Connection } from "ssh2";
import { createLogger } from "../../../../services/lib/log.ts";
import { UserConnection } from "../../../../services/ssh/gateway/user-connection.ts";
import { HubClient, type Identity } from "../../../../services/ssh/hub/hub-client.ts";
import { GatewayMetrics } from "../../../../services/ssh/metrics.ts";
import { until } from "../../lib/kube/watching.ts";

/** Time that a test moves; sleeps end when it has come so far. */
class ManualClock {
  ms = 0;
  readonly #sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  now = (): number => this.ms;
  monotonicMs = (): number => this.ms;
  sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      this.#sleepers.push({ atMs: this.ms + ms, wake: resolve });
      signal?.addEventListener("abort", () => resolve(), { once: true });
    });

  async forward(ms: number): Promise<void> {
    this.ms += ms;
    for (const { atMs, wake } of this.#sleepers) if (atMs <= this.ms) wake();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const ada: Identity = { ok: true, name: "ada", tokenId: "a1" };

/** A connection of Ada whose hub answers as a test says, with nothing behind it. */
function setup(own: { idleSeconds?: number } = {}) {
  const clock = new ManualClock();
  const hub = { answer: ada as Identity, asked: 0 };
  const lines: Record<string, unknown>[] = [];
  let ended = 0;
  const client = Object.assign(new EventEmitter(), { end: () => ++ended }) as unknown as Connection;
  const asking = Object.assign(new HubClient(new URL("http://hub.test")), {
    identify: async () => {
      hub.asked++;
      return hub.answer;
    },
  });
  const connection = new UserConnection({
    client,
    socket: new Socket(),
    from: { shown: "192.0.2.1", own: "192.0.2.1" },
    login: { user: "ada", server: "gpu", token: "t", tokenId: "a1" },
    hub: asking,
    clock,
    log: createLogger({ write: (line) => void lines.push(JSON.parse(line)), now: () => 0 }),
    metrics: new GatewayMetrics(() => []),
    idleSeconds: own.idleSeconds ?? 0,
    recheckSeconds: 30,
  });
  return { clock, hub, lines, client, connection, ended: () => ended };
}

describe("UserConnection", () => {
  it("asks again and again whether the token counts, and ends with the reason when it does not", async () => {
    const { clock, hub, connection, ended } = setup();
    const told: string[] = [];
    connection.begin("shell", (reason) => told.push(reason));
    for (let i = 1; i <= 3; i++) {
      await clock.forward(30_000);
      await until("the question", () => hub.asked === i);
    }
    hub.answer = { ok: false, reason: "refused", detail: "" };
    await clock.forward(30_000);
    await until("the end", () => told.length === 1);
    assert.deepEqual([told, ended()], [["carrel: the token is not valid any more"], 0]);
    await clock.forward(250);
    assert.equal(ended(), 1);
  });

  it("outlives a hub that is away, and not a token that became another user's", async () => {
    const { clock, hub, ended } = setup();
    hub.answer = { ok: false, reason: "unavailable", detail: "" };
    for (let i = 1; i <= 5; i++) {
      await clock.forward(30_000);
      await until("the question", () => hub.asked === i);
    }
    assert.equal(ended(), 0);
    hub.answer = { ok: true, name: "eve", tokenId: "a1" };
    await clock.forward(30_000);
    await clock.forward(250);
    assert.equal(ended(), 1);
  });

  it("ends when nothing was sent for too long, and stays while something is", async () => {
    const { clock, connection, ended } = setup({ idleSeconds: 100 });
    for (let i = 0; i < 3; i++) {
      await clock.forward(80_000);
      connection.touch();
      await clock.forward(10_000);
    }
    await clock.forward(89_000);
    assert.equal(ended(), 0);
    await clock.forward(1_000);
    await clock.forward(250);
    assert.equal(ended(), 1);
  });

  it("asks nothing any more after the client has gone", async () => {
    const { clock, hub, client } = setup({ idleSeconds: 1 });
    client.emit("close");
    await clock.forward(90_000);
    assert.equal(hub.asked, 0);
  });

  it("writes one line for each channel, with how it ended", () => {
    const { clock, connection, lines } = setup();
    const [shell, exec, forward, sftp] = [
      connection.begin("shell", () => {}),
      connection.begin("exec", () => {}),
      connection.begin("forward", () => {}, { target: "localhost:1" }),
      connection.begin("sftp", () => {}),
    ];
    clock.ms = 2_600;
    shell.end({ exit: { code: 3 } });
    exec.end({ exit: { signal: "KILL" } });
    forward.end({ lost: "port 1: connection refused" });
    sftp.end({ closed: true });
    sftp.end({ closed: true });
    const common = { time: "1970-01-01T00:00:00.000Z", level: "info", event: "session", user: "ada", server: "gpu" };
    const own = { ...common, address: "192.0.2.1", tokenId: "a1", seconds: 3 };
    assert.deepEqual(lines, [
      { ...own, kind: "shell", result: "exited", code: 3 },
      { ...own, kind: "exec", result: "killed", signal: "KILL" },
      { ...own, kind: "forward", target: "localhost:1", result: "failed", reason: "port 1: connection refused" },
      { ...own, kind: "sftp", result: "closed" },
    ]);
  });

  it("has a bound of sessions", () => {
    const { client } = setup();
    let [accepted, rejected] = [0, 0];
    const open = (): EventEmitter => {
      const session = new EventEmitter();
      const accept = (): EventEmitter => {
        accepted++;
        return session;
      };
      client.emit("session", accept, () => ++rejected);
      return session;
    };
    const sessions = Array.from({ length: 70 }, open);
    assert.deepEqual([accepted, rejected], [64, 6]);
    sessions[0]?.emit("close");
    open();
    assert.deepEqual([accepted, rejected], [65, 6]);
  });
});
