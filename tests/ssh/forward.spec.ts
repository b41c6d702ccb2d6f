import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { connect, type Socket } from "node:net";
import ssh2 from "ssh2";
import { ownAddress } from "../identity/loopback.ts";
import { eventually } from "../support/eventually.ts";
import { eventuallyEqual } from "../support/eventually-equal.ts";
import { INSTALL_MS, type Platform, platform, TEST_MS } from "./support/platform.ts";
import { end, freePorts } from "./support/processes.ts";

const ANSWER_MS = 30_000;
/** Where nobody listens: a port that was free a moment ago may be somebody's now. */
const CLOSED = 1;
/** Where ssh listens for forwards: ports that are free on it stay so. */
const LOCAL = ownAddress(0);

/** What a port answers with, over any socket. */
function get(port: number, path = "/", createConnection?: () => Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      host: LOCAL,
      port,
      path,
      signal: AbortSignal.timeout(ANSWER_MS),
      // An agent, also none, would make a connection of its own.
      ...(createConnection ? { createConnection } : { agent: false }),
    };
    const asked = request(options, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on("end", () => resolve(text));
    });
    asked.on("error", reject).end();
  });
}

/** Connects through a SOCKS5 proxy, as VS Code does. */
async function throughSocks(port: number, target: number): Promise<Socket> {
  const socket = connect(port, LOCAL);
  // What is refused is closed without an answer, and then nothing would ever come.
  const closed = new AbortController();
  socket.once("close", () => closed.abort());
  const inTime = { signal: AbortSignal.any([AbortSignal.timeout(ANSWER_MS), closed.signal]) };
  await once(socket, "connect", inTime);
  socket.write(Buffer.from([5, 1, 0]));
  await once(socket, "data", inTime);
  socket.write(Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, target >> 8, target & 255]));
  const [answer] = (await once(socket, "data", inTime)) as [Buffer];
  assert.equal(answer[1], 0, "the connection was refused");
  return socket;
}

describe("ports over SSH", function () {
  this.timeout(TEST_MS);
  let it_: Platform;
  before(async function () {
    this.timeout(INSTALL_MS);
    it_ = await platform();
  });

  it("of the notebook server's pod can be forwarded, many connections at once", async () => {
    const server = createServer((asked, response) => response.end(asked.url?.repeat(20_000)));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const [local = 0] = await freePorts(1, LOCAL);
    const ssh = it_.ada.start("ada", ["-N", "-L", `${LOCAL}:${local}:localhost:${port}`, "127.0.0.1"]);
    try {
      await eventually("the forwarded port", async () => await get(local));
      const paths = Array.from({ length: 20 }, (_, i) => `/${i}`);
      const answers = await Promise.all(paths.map((path) => get(local, path)));
      assert.deepEqual(
        answers.map((text, i) => text === paths[i]?.repeat(20_000)),
        paths.map(() => true),
      );
    } finally {
      await end(ssh);
      server.close();
    }
  });

  it("serve VS Code: a server started by a script, reached through a dynamic forward on the same connection", async () => {
    const [local = 0] = await freePorts(1, LOCAL);
    const ssh = it_.ada.start("ada", ["-T", "-D", `${LOCAL}:${local}`, "127.0.0.1", "bash"]);
    try {
      let shown = "";
      ssh.stdout.on("data", (chunk: Buffer) => {
        shown += chunk.toString();
      });
      ssh.stdin.write(
        'mkdir -p served && echo from the pod > served/file\npython3 -u -m http.server -b 127.0.0.1 -d served 0 2>/dev/null & echo "pid $!"\n',
      );
      const pid = await eventually("the server's pid", async () => /pid (\d+)/.exec(shown)?.[1]);
      const target = Number(await eventually("the server's port", async () => / port (\d+) /.exec(shown)?.[1]));
      const text = await eventually("the server behind the forward", async () => {
        const socket = await throughSocks(local, target);
        return get(target, "/file", () => socket).finally(() => socket.destroy());
      });
      assert.equal(text, "from the pod\n");
      ssh.stdin.end(`kill ${pid}\nexit 0\n`);
      const [code] = (await once(ssh, "close")) as [number];
      assert.equal(code, 0);
    } finally {
      await end(ssh);
    }
  });

  const failedForwards = (): unknown[] =>
    it_.gateway
      .log()
      .filter(({ kind, result }) => kind === "forward" && result === "failed")
      .map(({ target, reason }) => [target, reason]);

  it("of anything else are refused, and so is one that nobody listens on", async () => {
    const client = new ssh2.Client();
    client.connect({ host: "127.0.0.1", port: it_.gateway.port, username: "ada", password: it_.token });
    await once(client, "ready");
    const open = (host: string, port: number): Promise<string> =>
      new Promise((resolve) => {
        client.forwardOut("127.0.0.1", 1, host, port, (error) => resolve(error?.message ?? "open"));
      });
    const refused = "(SSH) Channel open failure: ";
    const targets: [string, number][] = [
      ["169.254.169.254", 80],
      ["10.0.0.1", 443],
      ["127.0.0.2", 22],
      ["kubernetes.default.svc", 443],
      ["localhost", CLOSED],
    ];
    const answers: string[] = [];
    for (const [host, port] of targets) answers.push(await open(host, port));
    const listening = await new Promise((resolve) => {
      client.forwardIn("127.0.0.1", 0, (error) => resolve(error?.message));
    });
    client.end();
    assert.deepEqual(
      { answers, listening },
      { answers: targets.map(() => refused), listening: "Unable to bind to 127.0.0.1:0" },
    );
    const told = targets.map(([host, port]) => [
      `${host}:${port}`,
      port === CLOSED ? `port ${port}: connection refused` : "only ports of one's own notebook server can be forwarded",
    ]);
    await eventuallyEqual("the log tells each", async () => failedForwards().slice(-targets.length), told);
  });
});
