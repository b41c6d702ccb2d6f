import { once } from "node:events";
import type { AddressInfo } from "node:net";
import ssh2, { type Algorithms, type AuthContext, type CipherAlgorithm, type NegotiatedAlgorithms } from "ssh2";
import { algorithms } from "../../services/ssh/gateway/gateway.ts";

/** A program that logs in to itself once with each cipher of the gateway, and prints what was agreed on. */
async function logIn(cipher: CipherAlgorithm): Promise<string> {
  const hostKeys = [ssh2.utils.generateKeyPairSync("ed25519").private];
  const server = new ssh2.Server({ hostKeys, algorithms: algorithms as unknown as Algorithms }, (connection) => {
    connection.on("authentication", (attempt: AuthContext) => attempt.accept());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const client = new ssh2.Client();
  const agreed = once(client, "handshake") as Promise<[NegotiatedAlgorithms]>;
  const ready = once(client, "ready");
  client.connect({ host: "127.0.0.1", port, username: "ada", password: "none", algorithms: { cipher: [cipher] } });
  const [[{ cs }]] = await Promise.all([agreed, ready]);
  const closed = once(client, "close");
  client.end();
  await closed;
  server.close();
  return cs.cipher;
}

for (const cipher of algorithms.cipher) process.stdout.write(`${await logIn(cipher)}\n`);
