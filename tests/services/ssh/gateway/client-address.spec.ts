import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";
import {
  addressReader,
  blockOf,
  type ClientAddress,
  type Proxies,
} from "../../../../services/ssh/gateway/client-address.ts";

/** What a gateway on the loopback learns of a client that sends this, and what is left to read. */
async function learn(proxies: Proxies, text: string): Promise<{ from: ClientAddress | undefined; rest: string }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [socket] = (await once(server, "connection")) as [Socket];
  client.write(text);
  const from = await addressReader(proxies)(socket);
  const data = from ? once(socket, "data") : undefined;
  socket.resume();
  const rest = String(((await data) as [Buffer] | undefined)?.[0] ?? "");
  client.destroy();
  socket.destroy();
  server.close();
  return { from, rest };
}

const header = "PROXY TCP4 203.0.113.7 198.51.100.1 1 2\r\n";

describe("addressReader", () => {
  it("takes the peer's own address where nobody stands between", async () => {
    const from = { shown: "127.0.0.1", own: "127.0.0.1" };
    assert.deepEqual(await learn({ cidrs: ["192.0.2.0/24"], sendHeader: true }, "SSH"), { from, rest: "SSH" });
  });

  it("takes what a balancer tells, and leaves the rest to be read", async () => {
    const from = { shown: "203.0.113.7", own: "203.0.113.7" };
    assert.deepEqual(await learn({ cidrs: ["127.0.0.0/8"], sendHeader: true }, `${header}SSH`), { from, rest: "SSH" });
  });

  it("does not count by an address that a balancer shares among its clients", async () => {
    const from = { shown: "127.0.0.1", own: undefined };
    assert.deepEqual(await learn({ cidrs: ["127.0.0.0/8"], sendHeader: false }, "SSH"), { from, rest: "SSH" });
    const local = `PROXY UNKNOWN\r\nSSH`;
    assert.deepEqual(await learn({ cidrs: ["127.0.0.0/8"], sendHeader: true }, local), { from, rest: "SSH" });
  });

  it("knows nothing of who does not say what it has to, and believes no stranger", async () => {
    assert.deepEqual(await learn({ cidrs: ["127.0.0.0/8"], sendHeader: true }, "SSH-2.0\r\n"), {
      from: undefined,
      rest: "",
    });
    const from = { shown: "127.0.0.1", own: "127.0.0.1" };
    assert.deepEqual(await learn({ cidrs: [], sendHeader: false }, header), { from, rest: header });
  });
});

describe("blockOf", () => {
  it("tells addresses of both families", () => {
    const isIn = blockOf(["192.0.2.0/24", "2001:db8::/32"]);
    assert.deepEqual(["192.0.2.9", "192.0.3.1", "2001:db8::1", "2001:db9::1", "nonsense", ""].map(isIn), [
      true,
      false,
      true,
      false,
      false,
      false,
    ]);
  });
});
