import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { buffer } from "node:stream/consumers";
import { forward } from "../../lab/gateway/forwarder.ts";
import { ownAddress } from "../identity/loopback.ts";

/** The same port is free on all of them. */
const [here, there, nowhere] = [ownAddress(0), ownAddress(1), ownAddress(2)];

const listening = (server: Server, host: string, port = 0): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });

describe("forward", () => {
  let target: Server;
  let port: number;
  let forwarder: Server | undefined;
  beforeEach(async () => {
    target = createServer({ allowHalfOpen: true }, (socket) => {
      socket.write("first ");
      socket.pipe(socket);
    });
    port = await listening(target, there);
  });
  afterEach(() => {
    target.close();
    forwarder?.close();
    forwarder = undefined;
  });

  it("carries both directions, and lets one end before the other", async () => {
    forwarder = await forward({ listen: here, port, to: there });
    const client = connect({ host: here, port, allowHalfOpen: true });
    client.end("then this");
    assert.equal((await buffer(client)).toString(), "first then this");
  });

  it("closes a connection to nobody, and goes on", async () => {
    forwarder = await forward({ listen: here, port, to: nowhere });
    for (const _ of [1, 2]) {
      const client = connect({ host: here, port });
      await new Promise((resolve) => client.on("error", resolve).on("close", resolve));
    }
    assert.ok(forwarder.listening);
  });

  it("fails where the port is taken", async () => {
    forwarder = await forward({ listen: here, port, to: there });
    await assert.rejects(forward({ listen: here, port, to: there }), { code: "EADDRINUSE" });
  });
});
