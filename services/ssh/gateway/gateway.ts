import { createServer, type Server, type Socket } from "node:net";
import ssh2, { type Algorithms, type Connection } from "ssh2";
import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import type { HubClient } from "../hub/hub-client.ts";
import { Attempts } from "../login/attempts.ts";
import type { Authenticator, Login, LoginResult } from "../login/authenticator.ts";
import { GatewayMetrics } from "../metrics.ts";
import { addressReader, type ClientAddress, type Proxies } from "./client-address.ts";
import { type Attempt, converse } from "./login-dialog.ts";
import { UserConnection } from "./user-connection.ts";

export interface GatewayOptions {
  /** Private key in OpenSSH's form. */
  readonly hostKey: string;
  readonly hub: HubClient;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether public keys can be registered. */
  readonly keys: boolean;
  /** Shown before the login. */
  readonly banner: string;
  /** Where people get a token. */
  readonly tokenUrl: string;
  readonly proxies: Proxies;
  readonly graceMs: number;
  readonly idleSeconds: number;
  readonly recheckSeconds: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerUser: number;
}

/** What OpenSSH prefers today, without SHA-1, CBC and group exchange. */
export const algorithms = {
  kex: [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
  ],
  serverHostKey: ["ssh-ed25519"],
  cipher: [
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes256-ctr",
  ],
  hmac: ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"],
  compress: ["none"],
} as const satisfies Algorithms;

/** Connections of one address in a row; a person's tools open a handful. */
const CONNECTION_RATE = { burst: 60, refillMs: 1_000 };
/** A peer that answers none of so many in a row is gone. */
const [KEEPALIVE_MS, KEEPALIVES] = [20_000, 5];

const peerOf = (address: string | undefined, port: number | undefined): string => `${address} ${port}`;

/** The SSH server: who comes, who may come in, and what is theirs. */
export class Gateway {
  readonly metrics: GatewayMetrics;
  readonly #options: GatewayOptions;
  readonly #ssh: InstanceType<typeof ssh2.Server>;
  readonly #server: Server;
  readonly #rate = new Attempts(CONNECTION_RATE);
  readonly #sockets = new Map<Socket, ClientAddress>();
  /** What to do with a connection that has begun to speak, by its peer: the library tells no more of its socket. */
  readonly #arriving = new Map<string, (client: Connection) => void>();
  readonly #users = new Map<UserConnection, string>();
  readonly #addressOf: (socket: Socket) => Promise<ClientAddress | undefined>;
  #isDraining = false;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#addressOf = addressReader(options.proxies);
    this.metrics = new GatewayMetrics(() => [
      [{ state: "logging-in" }, this.#sockets.size - this.#users.size],
      [{ state: "logged-in" }, this.#users.size],
    ]);
    this.#ssh = new ssh2.Server({
      hostKeys: [options.hostKey],
      // The library takes the names of later versions too, its types do not.
      algorithms: algorithms as unknown as Algorithms,
      banner: options.banner,
      ident: "carrel",
      keepaliveInterval: KEEPALIVE_MS,
      keepaliveCountMax: KEEPALIVES,
    });
    this.#ssh.on("connection", (client, { ip, port }) => this.#arriving.get(peerOf(ip, port))?.(client));
    this.#server = createServer({ noDelay: true, pauseOnConnect: false }, (socket) => void this.#take(socket));
    this.#server.maxConnections = options.maxConnections;
  }

  listen(port: number, host?: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject).listen({ port, host }, resolve);
    });
  }

  /** Where it listens. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  get connections(): number {
    return this.#users.size;
  }

  /** Takes nobody new; who is connected stays until `close`, or all have left. */
  drain(): Promise<void> {
    this.#isDraining = true;
    for (const socket of this.#sockets.keys()) {
      if (![...this.#users.keys()].some((user) => user.socket === socket)) socket.destroy();
    }
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  /** Ends what is left. */
  close(reason: string): void {
    for (const user of this.#users.keys()) user.end(reason);
  }

  async #take(socket: Socket): Promise<void> {
    const { clock, graceMs } = this.#options;
    socket.on("error", () => {});
    const loggedIn = new AbortController();
    socket.once("close", () => {
      this.#sockets.delete(socket);
      loggedIn.abort();
    });
    void clock.sleep(graceMs, loggedIn.signal).then(() => {
      if (!loggedIn.signal.aborted) socket.destroy();
    });
    const from = await this.#addressOf(socket);
    if (from === undefined || !this.#isWelcome(from)) {
      this.metrics.refused.add();
      socket.destroy();
      return;
    }
    this.#sockets.set(socket, from);
    const peer = peerOf(socket.remoteAddress, socket.remotePort);
    this.#arriving.set(peer, (client) => this.#greet(client, socket, from, loggedIn));
    socket.once("close", () => this.#arriving.delete(peer));
    this.#ssh.injectSocket(socket);
  }

  #isWelcome({ own }: ClientAddress): boolean {
    if (this.#isDraining) return false;
    if (own === undefined) return true;
    const now = this.#options.clock.monotonicMs();
    const isAllowed = this.#rate.allows(own, now);
    this.#rate.charge(own, now);
    return isAllowed;
  }

  #greet(client: Connection, socket: Socket, from: ClientAddress, loggedIn: AbortController): void {
    const { authenticator, keys, tokenUrl } = this.#options;
    client.on("error", () => socket.destroy());
    const instructions = tokenUrl === "" ? "" : `Your token is made at ${tokenUrl}`;
    converse(client, {
      authenticator,
      from,
      keys,
      instructions,
      onResult: (attempt, result) => {
        const outcome = this.#admitted(result);
        this.#audit(attempt, from, outcome);
        if (!outcome.ok) return false;
        loggedIn.abort();
        this.#welcome(client, socket, from, outcome.login);
        return true;
      },
    });
  }

  #admitted(result: LoginResult): LoginResult {
    if (!result.ok) return result;
    const { user } = result.login;
    const own = [...this.#users.values()].filter((name) => name === user).length;
    if (own < this.#options.maxConnectionsPerUser) return result;
    return { ok: false, reason: "limited", detail: `the user has ${own} connections already` };
  }

  #welcome(client: Connection, socket: Socket, from: ClientAddress, login: Login): void {
    const { metrics } = this;
    const connection = new UserConnection({ ...this.#options, client, socket, from, login, metrics });
    this.#users.set(connection, login.user);
    socket.once("close", () => this.#users.delete(connection));
  }

  #audit({ name, method, key }: Attempt, from: ClientAddress, result: LoginResult): void {
    this.metrics.logins.add({ method, result: result.ok ? "accepted" : result.reason });
    const fields = { user: name, address: from.shown, method, ...(key ? { key } : {}) };
    if (result.ok) this.#options.log.info("login", { ...fields, result: "accepted", tokenId: result.login.tokenId });
    else this.#options.log.warn("login", { ...fields, result: result.reason, reason: result.detail });
  }
}
