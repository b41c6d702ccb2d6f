import type { Socket } from "node:net";
import type { Connection } from "ssh2";
import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import type { HubClient } from "../hub/hub-client.ts";
import type { Login } from "../login/authenticator.ts";
import type { GatewayMetrics } from "../metrics.ts";
import type { ClientAddress } from "./client-address.ts";
import { serveForward } from "./forward.ts";
import type { RelayEnd } from "./relay.ts";
import { ServerLink } from "./server-link.ts";
import { serveSession } from "./session.ts";

export interface UserConnectionOptions {
  readonly client: Connection;
  readonly socket: Socket;
  readonly from: ClientAddress;
  readonly login: Login;
  readonly hub: HubClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: GatewayMetrics;
  /** Without a byte in either direction; 0 is for ever. */
  readonly idleSeconds: number;
  /** Between two looks whether the token still counts. */
  readonly recheckSeconds: number;
}

export interface Audit {
  readonly end: (how: RelayEnd) => void;
}

const FAREWELL_MS = 250;
/** Sessions at the same time, and as many forwarded connections. */
const MAX_CHANNELS = 64;

function resultOf(how: RelayEnd): Record<string, string | number> {
  if ("lost" in how) return { result: "failed", reason: how.lost };
  if ("closed" in how) return { result: "closed" };
  return "code" in how.exit ? { result: "exited", code: how.exit.code } : { result: "killed", signal: how.exit.signal };
}

/** One connection of somebody who logged in: its channels, and for how long it may last. */
export class UserConnection {
  readonly link: ServerLink;
  readonly socket: Socket;
  readonly from: ClientAddress;
  readonly #options: UserConnectionOptions;
  readonly #stop = new AbortController();
  readonly #tellers = new Set<(reason: string) => void>();
  #touchedMs: number;
  #sessions = 0;

  constructor(options: UserConnectionOptions) {
    const { client, socket, from, clock, idleSeconds } = options;
    this.#options = options;
    this.socket = socket;
    this.from = from;
    this.#touchedMs = clock.monotonicMs();
    const onLost = (reason: string): void => this.end(`the notebook server went away: ${reason}`);
    this.link = new ServerLink({ ...options, onLost });
    client.on("session", (accept, reject) => {
      if (this.#sessions >= MAX_CHANNELS) return reject();
      const session = accept();
      this.#sessions++;
      session.once("close", () => this.#sessions--);
      return serveSession(this, session);
    });
    client.on("tcpip", (accept, reject, info) => {
      if (this.#tellers.size >= 2 * MAX_CHANNELS) reject();
      else void serveForward(this, { accept, reject, info });
    });
    client.once("close", () => this.#close());
    void this.#recheck();
    if (idleSeconds > 0) void this.#watchIdle(idleSeconds * 1000);
  }

  /** Something was sent or received. */
  touch(): void {
    this.#touchedMs = this.#options.clock.monotonicMs();
  }

  /** Counts a channel, and writes its line when it ends. @param tell shows the user why the connection ends */
  begin(kind: string, tell: (reason: string) => void, fields: Record<string, string> = {}): Audit {
    const { log, login, clock, metrics } = this.#options;
    const startedMs = clock.monotonicMs();
    this.touch();
    this.#tellers.add(tell);
    return {
      end: (how) => {
        if (!this.#tellers.delete(tell)) return;
        const seconds = Math.round((clock.monotonicMs() - startedMs) / 1000);
        const { user, server, tokenId } = login;
        metrics.channels.add({ kind });
        const ended = { kind, user, server, address: this.from.shown, tokenId, ...fields, seconds, ...resultOf(how) };
        log.info("session", ended);
      },
    };
  }

  /** Ends everything, and says why where a user can see it. */
  end(reason: string): void {
    for (const tell of this.#tellers) tell(`carrel: ${reason}`);
    // A client that is told of the end shows nothing any more, so it comes after what was said.
    void this.#options.clock.sleep(FAREWELL_MS).then(() => this.#options.client.end());
  }

  #close(): void {
    this.#stop.abort();
    this.link.close();
  }

  async #recheck(): Promise<void> {
    const { clock, hub, login, recheckSeconds } = this.#options;
    const { signal } = this.#stop;
    for (;;) {
      await clock.sleep(recheckSeconds * 1000, signal);
      if (signal.aborted) return;
      const identity = await hub.identify(login.token);
      // A hub that restarts is no reason to end anything.
      if (identity.ok ? identity.name === login.user : identity.reason === "unavailable") continue;
      this.end("the token is not valid any more");
      return;
    }
  }

  async #watchIdle(idleMs: number): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    for (;;) {
      const leftMs = this.#touchedMs + idleMs - clock.monotonicMs();
      if (leftMs <= 0) return this.end("nothing was sent for too long");
      await clock.sleep(leftMs, signal);
      if (signal.aborted) return undefined;
    }
  }
}
