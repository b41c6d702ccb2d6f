import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import { HubClient } from "../../../../services/ssh/hub/hub-client.ts";
import { NoTerminal, openTerminal } from "../../../../services/ssh/jupyter/terminal.ts";
import { opcodes } from "../../../../services/ssh/websocket/frames.ts";
import { until } from "../../lib/kube/watching.ts";
import { closeScripted, type Script, scripted } from "../support/hubs.ts";
import { serverFrame } from "../support/server-frame.ts";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const ref = { user: "ada", server: "" };

/** A notebook server with one terminal "7", and its end of the websocket. */
async function notebook(script: Script = {}) {
  const found = await scripted({
    "POST /user/ada/api/terminals": [200, { name: "7" }],
    "DELETE /user/ada/api/terminals/7": 204,
    ...script,
  });
  const sockets: Duplex[] = [];
  found.server.on("upgrade", (request, socket) => {
    found.requests.push([`UPGRADE ${request.url}`, request.headers.authorization]);
    const key = createHash("sha1").update(`${request.headers["sec-websocket-key"]}${GUID}`).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
    );
    sockets.push(socket);
  });
  const say = (message: unknown): unknown => sockets[0]?.write(serverFrame(opcodes.text, JSON.stringify(message)));
  return { ...found, hub: new HubClient(found.url), say };
}

describe("openTerminal", () => {
  afterEach(closeScripted);

  it("makes a terminal, hears what is printed in it, and removes it at the end", async () => {
    const { hub, say, requests } = await notebook();
    const terminal = await openTerminal(hub, ref, "t");
    const seen: unknown[] = [];
    terminal.onOutput = (text) => seen.push(text);
    terminal.onClose = (reason) => seen.push(["closed", reason]);
    for (const message of [["setup", {}], ["stdout", "$ "], ["stdout", 7], "no list", ["stdout", "käse"]]) say(message);
    await until("the output", () => seen.length === 2);
    terminal.close();
    await until("the removal", () => requests.length === 3);
    assert.deepEqual(seen, ["$ ", "käse", ["closed", undefined]]);
    assert.deepEqual(requests, [
      ["POST /user/ada/api/terminals", "token t"],
      ["UPGRADE /user/ada/terminals/websocket/7", "token t"],
      ["DELETE /user/ada/api/terminals/7", "token t"],
    ]);
  });

  it("ends when what ran in it has ended", async () => {
    const { hub, say } = await notebook();
    const terminal = await openTerminal(hub, ref, "t");
    const closed = new Promise((resolve) => (terminal.onClose = resolve));
    say(["disconnect", 1]);
    assert.equal(await closed, undefined);
  });

  it("says that a server has no terminals, or what it answered", async () => {
    const open = async (status: number) =>
      openTerminal((await notebook({ "POST /user/ada/api/terminals": status })).hub, ref, "t");
    const isSaid = (text: string) => (error: unknown) => error instanceof NoTerminal && error.message === text;
    await assert.rejects(
      open(404),
      isSaid("the server has no terminals: its image needs the Python package jupyter-server-terminals"),
    );
    await assert.rejects(open(500), isSaid("the server answered 500 when asked for a terminal"));
  });

  it("leaves no terminal behind that it cannot talk to", async () => {
    const { hub, requests, server } = await notebook();
    server.removeAllListeners("upgrade");
    await assert.rejects(openTerminal(hub, ref, "t"));
    await until("the removal", () => requests.at(-1)?.[0] === "DELETE /user/ada/api/terminals/7");
  });
});
