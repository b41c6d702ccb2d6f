import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { UpgradeRefused, WebSocketClient } from "../../../../services/ssh/websocket/client.ts";
import { MessageReader, opcodes } from "../../../../services/ssh/websocket/frames.ts";
import { closeScripted, scripted } from "../support/hubs.ts";
import { serverFrame } from "../support/server-frame.ts";

const accept = (request: IncomingMessage, wrong = ""): string =>
  createHash("sha1")
    .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11${wrong}`)
    .digest("base64");

/** A server that agrees to a websocket and hands over the socket. */
async function peer(wrong = ""): Promise<{ url: URL; socket: Promise<Duplex>; headers: Promise<IncomingMessage> }> {
  const { url, server } = await scripted({});
  const taken = new Promise<[Duplex, IncomingMessage]>((resolve) => {
    server.on("upgrade", (request, socket) => {
      const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept(request, wrong)}\r\n\r\n`;
      socket.write(Buffer.concat([Buffer.from(head), serverFrame(opcodes.text, "early")]));
      resolve([socket, request]);
    });
  });
  return { url, socket: taken.then(([socket]) => socket), headers: taken.then(([, request]) => request) };
}

/** The next message that a client sends, unmasked by hand. */
const received = (socket: Duplex): Promise<[number, string]> =>
  new Promise((resolve) => {
    socket.once("data", (bytes: Buffer) => {
      const mask = bytes.subarray(2, 6);
      const payload = bytes.subarray(6).map((byte, i) => byte ^ (mask[i & 3] ?? 0));
      resolve([(bytes[0] ?? 0) & 15, Buffer.from(payload).toString()]);
    });
  });

describe("WebSocketClient", () => {
  afterEach(closeScripted);

  it("asks with its headers, reads what came with the answer, and talks", async () => {
    const { url, socket, headers } = await peer();
    const client = await WebSocketClient.connect(url, { headers: { authorization: "token t" } });
    const first = new Promise((resolve) => {
      client.onText = resolve;
    });
    assert.equal(await first, "early");
    assert.equal((await headers).headers.authorization, "token t");
    const sent = received(await socket);
    client.send("käse");
    assert.deepEqual(await sent, [opcodes.text, "käse"]);
    const pong = received(await socket);
    (await socket).write(serverFrame(opcodes.ping, "there?"));
    assert.deepEqual(await pong, [opcodes.pong, "there?"]);
    client.close();
  });

  it("says once that it ended, and why", async () => {
    const ends: [string, (socket: Duplex) => void, string | undefined][] = [
      ["by the server", (socket) => socket.write(serverFrame(opcodes.close, "")), undefined],
      ["by a loss", (socket) => socket.destroy(), "the connection was lost"],
      ["by nonsense", (socket) => socket.write(Buffer.from("c100", "hex")), "an extension that was not agreed on"],
    ];
    for (const [how, end, reason] of ends) {
      const { url, socket } = await peer();
      const client = await WebSocketClient.connect(url);
      const reasons: (string | undefined)[] = [];
      const closed = new Promise<void>((resolve) => {
        client.onClose = (why) => {
          reasons.push(why);
          resolve();
        };
      });
      end(await socket);
      await closed;
      client.close();
      assert.deepEqual(reasons, [reason], how);
    }
  });

  it("gives up a server that answers no ping", async () => {
    const { url } = await peer();
    const client = await WebSocketClient.connect(url, { pingMs: 5 });
    assert.equal(await new Promise((resolve) => (client.onClose = resolve)), "the server does not answer");
  });

  it("refuses an answer that is no websocket, or was meant for another", async () => {
    const { url } = await scripted({ "GET /": 403 });
    await assert.rejects(
      WebSocketClient.connect(url),
      (error) => error instanceof UpgradeRefused && error.status === 403,
    );
    const other = await peer("x");
    await assert.rejects(WebSocketClient.connect(other.url), /another request/);
  });

  it("does not wait for ever", async () => {
    const { url } = await scripted({ "GET /": () => {} });
    await assert.rejects(WebSocketClient.connect(url, { timeoutMs: 20 }), /no answer in time/);
  });

  it("is bounded in what it reads", async () => {
    const { url, socket } = await peer();
    const client = await WebSocketClient.connect(url, { maxMessageBytes: 10 });
    const closed = new Promise((resolve) => (client.onClose = resolve));
    (await socket).write(serverFrame(opcodes.text, "x".repeat(11)));
    assert.equal(await closed, "a message beyond 10 bytes");
    assert.deepEqual(new MessageReader(10).push(serverFrame(opcodes.text, "x".repeat(10))).length, 1);
  });
});
