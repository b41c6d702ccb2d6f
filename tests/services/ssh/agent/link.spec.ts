import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../../services/lib/clock.ts";
import { AgentLink, NoAgent } from "../../../../services/ssh/agent/link.ts";
import type { AgentStream, Exit, StreamSpec } from "../../../../services/ssh/agent/stream.ts";
import { closeTerminals, localTerminal } from "../support/local-terminal.ts";

const options = { clock: systemClock, idleSeconds: 0, startMs: 60_000 };

interface Ran {
  readonly out: string;
  readonly err: string;
  readonly end: Exit | { readonly lost: string };
}

/** Everything that a stream gives until it ends. */
function collect(stream: AgentStream): Promise<Ran> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  return new Promise((resolve) => {
    const finish = (end: Ran["end"]): void =>
      resolve({ out: Buffer.concat(out).toString("latin1"), err: Buffer.concat(err).toString("latin1"), end });
    stream.listen({
      onData: (bytes, isError) => {
        (isError ? err : out).push(bytes);
        stream.grant(bytes.length);
      },
      onEnd: () => finish({ code: 0 }),
      onExit: finish,
      onLost: (lost) => finish({ lost }),
    });
  });
}

async function opened(link: AgentLink, spec: StreamSpec): Promise<AgentStream> {
  const result = await link.open(spec);
  assert.ok(result.ok, result.ok ? "" : result.reason);
  return result.stream;
}

describe("AgentLink", function () {
  this.timeout(90_000);
  let link: AgentLink;
  before(async () => {
    link = await AgentLink.start(localTerminal("bash"), options);
  });
  after(closeTerminals);

  const run = async (command: string, input: string | undefined = undefined): Promise<Ran> => {
    const stream = await opened(link, { kind: "exec", command });
    const ran = collect(stream);
    if (input !== undefined) await stream.write(Buffer.from(input, "latin1"));
    stream.end();
    return ran;
  };

  it("runs commands with their output, error output and exit", async () => {
    assert.deepEqual(await run("echo out; echo err >&2; exit 9"), { out: "out\n", err: "err\n", end: { code: 9 } });
    assert.deepEqual(await run("kill -INT $$"), { out: "", err: "", end: { signal: "INT" } });
  });

  it("passes every byte in both directions, beyond the window", async () => {
    const input = Array.from({ length: 700_000 }, (_, i) => String.fromCharCode((i * 31) & 255)).join("");
    const { out, end } = await run("cat", input);
    assert.deepEqual({ same: out === input, end }, { same: true, end: { code: 0 } });
  });

  it("sends no more than it was allowed", async () => {
    const stream = await opened(link, { kind: "exec", command: "head -c 1000000 /dev/zero" });
    let size = 0;
    const exited = new Promise((resolve) => {
      stream.listen({
        onData: (bytes) => {
          size += bytes.length;
        },
        onEnd: () => {},
        onExit: resolve,
        onLost: resolve,
      });
    });
    await run("sleep 0.3");
    assert.equal(size, 262_144);
    for (let granted = 0; granted < 1_000_000; granted += 100_000) stream.grant(100_000);
    assert.deepEqual([await exited, size], [{ code: 0 }, 1_000_000]);
  });

  it("gives a program a terminal of the size that is asked for, and what it prints last", async () => {
    const pty = { rows: 33, cols: 99, term: "vt220" };
    const stream = await opened(link, { kind: "exec", command: "stty size; echo $TERM; seq 5000", pty });
    const { out, end } = await collect(stream);
    const numbers = Array.from({ length: 5000 }, (_, i) => i + 1).join("\r\n");
    assert.deepEqual({ same: out === `33 99\r\nvt220\r\n${numbers}\r\n`, end }, { same: true, end: { code: 0 } });
  });

  it("ends a program with a terminal when its stream is closed", async () => {
    const stream = await opened(link, { kind: "exec", command: "sleep 6543", pty: { rows: 1, cols: 1, term: "x" } });
    stream.close();
    const { out } = await run(
      "for i in 1 2 3 4 5 6 7 8; do pgrep -f '^sleep 6543' >/dev/null || break; sleep 0.2; done; pgrep -fc '^sleep 6543'",
    );
    assert.equal(out, "0\n");
  });

  it("says why something does not open", async () => {
    assert.deepEqual(await link.open({ kind: "tcp", port: 1 }), { ok: false, reason: "port 1: connection refused" });
  });

  it("connects to ports on either loopback address, and passes on who ended first", async () => {
    for (const host of ["127.0.0.1", "::1"]) {
      const server = createServer({ allowHalfOpen: true }, (socket) => {
        socket.on("error", () => {});
        let text = "";
        socket.on("data", (bytes) => {
          text += bytes.toString();
        });
        socket.on("end", () => socket.end(text.toUpperCase()));
      });
      server.listen(0, host);
      await once(server, "listening");
      const stream = await opened(link, { kind: "tcp", port: (server.address() as AddressInfo).port });
      const answer = collect(stream);
      await stream.write(Buffer.from("hello"));
      stream.end();
      assert.equal((await answer).out, "HELLO", host);
      stream.close();
      server.close();
    }
  });

  it("finds its Python through every shell's start, however much that prints", async () => {
    const home = mkdtempSync(join(tmpdir(), "carrel-shell-"));
    try {
      writeFileSync(join(home, ".bashrc"), "echo Welcome; seq 2000; printf '\\033[31mred'\n");
      const other = await AgentLink.start(localTerminal("bash", { HOME: home }), options);
      assert.equal((await collect(await opened(other, { kind: "exec", command: "pwd" }))).out, `${home}\n`);
      const plain = await AgentLink.start(localTerminal("sh", { HOME: home }), options);
      assert.equal((await collect(await opened(plain, { kind: "exec", command: "echo sh" }))).out, "sh\n");
    } finally {
      rmSync(home, { recursive: true });
    }
  });

  it("tells an image without Python and a shell that takes nothing", async () => {
    const tools = mkdtempSync(join(tmpdir(), "carrel-tools-"));
    symlinkSync("/bin/sh", join(tools, "sh"));
    const bare = AgentLink.start(localTerminal(`/usr/bin/env -i PATH=${tools} /bin/sh`), options);
    await assert.rejects(bare, (error) => error instanceof NoAgent && error.message === "its image has no Python 3");
    rmSync(tools, { recursive: true });
    const silent = AgentLink.start(localTerminal("stty -echo; sleep 600"), { ...options, startMs: 300 });
    await assert.rejects(silent, /^Error: its shell does not take commands$/);
  });

  it("loses everything when something else writes to its terminal", async () => {
    const terminal = localTerminal("bash");
    const other = await AgentLink.start(terminal, options);
    const lost: string[] = [];
    other.onLost = (reason) => lost.push(reason);
    const running = collect(await opened(other, { kind: "exec", command: "sleep 600" }));
    terminal.onOutput("wall: going down\n");
    const reason = 'something in the notebook server wrote "wall: going down" between the frames';
    assert.deepEqual((await running).end, { lost: reason });
    assert.deepEqual(lost, [reason]);
    assert.deepEqual(await other.open({ kind: "sftp" }), { ok: false, reason: "the notebook server went away" });
  });

  it("ends by itself when nobody uses it", async () => {
    const other = await AgentLink.start(localTerminal("bash"), { ...options, idleSeconds: 1 });
    assert.equal(typeof (await new Promise((resolve) => (other.onLost = resolve))), "string");
  });
});
