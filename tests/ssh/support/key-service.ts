import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import ssh2 from "ssh2";
import type { TestHub } from "./hub.ts";

/** What docs/guides/ssh.md says of a request to the key service. */
interface KeyRequest {
  readonly user: string;
  readonly algorithm: string;
  readonly key: string;
  readonly signed?: string;
  readonly signature?: string;
}

export interface KeyServiceOptions {
  readonly hub: TestHub;
  /** The hub's token of the service. */
  readonly token: string;
  /** What the gateway has to know. */
  readonly secret: string;
  /** Keys in base64, by user. */
  readonly registered: Readonly<Record<string, readonly string[]>>;
}

async function bodyOf(request: IncomingMessage): Promise<KeyRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString()) as KeyRequest;
}

/** The user name in what a client signed (RFC 4252, section 7), less the name of a server. */
function signedUser(signed: Buffer): string | undefined {
  const start = 4 + signed.readUInt32BE(0) + 1;
  const length = signed.readUInt32BE(start);
  return signed.toString("utf8", start + 4, start + 4 + length).split("/")[0];
}

function isProven({ user, algorithm, key, signed = "", signature = "" }: KeyRequest): boolean {
  const parsed = ssh2.utils.parseKey(Buffer.from(key, "base64"));
  const one = Array.isArray(parsed) ? parsed[0] : parsed;
  if (one === undefined || one instanceof Error) return false;
  const data = Buffer.from(signed, "base64");
  const hash = { "rsa-sha2-256": "sha256", "rsa-sha2-512": "sha512" }[algorithm];
  return signedUser(data) === user && one.verify(data, Buffer.from(signature, "base64"), hash) === true;
}

/** A service of the hub that turns a login signed by a registered key into a token that can start and reach one user's servers. */
export async function startKeyService(options: KeyServiceOptions): Promise<{ url: string; server: Server }> {
  const { hub, token, secret, registered } = options;
  const server = createServer((request, response) => {
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    void bodyOf(request).then(async (asked) => {
      const isKnown = request.headers.authorization === `token ${secret}`;
      if (!isKnown || !registered[asked.user]?.includes(asked.key)) return answer(403, {});
      if (asked.signed === undefined) return answer(200, {});
      if (!isProven(asked)) return answer(403, {});
      const scopes = [`access:servers!user=${asked.user}`, `servers!user=${asked.user}`];
      const made = await hub.call(
        "POST",
        `/users/${asked.user}/tokens`,
        { scopes, expires_in: 3600, note: "ssh" },
        token,
      );
      return answer(made.ok ? 200 : 500, (await made.json()) as object);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}
