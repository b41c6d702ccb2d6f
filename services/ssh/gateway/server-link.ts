import type { Clock } from "../../lib/clock.ts";
import { reasonOf } from "../../lib/log.ts";
import { AgentLink, NoAgent } from "../agent/link.ts";
import type { HubClient } from "../hub/hub-client.ts";
import { openTerminal, type Terminal } from "../jupyter/terminal.ts";
import type { Login } from "../login/authenticator.ts";

export type LinkResult =
  | { readonly ok: true; readonly link: AgentLink }
  /** `shellOnly`: the server runs, and has nothing but Jupyter's own terminals. */
  | { readonly ok: false; readonly reason: string; readonly shellOnly: boolean };

export interface ServerLinkOptions {
  readonly hub: HubClient;
  readonly login: Login;
  readonly clock: Clock;
  readonly idleSeconds: number;
  /** The notebook server went away after there was a link. */
  readonly onLost: (reason: string) => void;
}

const failure = (reason: string, shellOnly = false): LinkResult => ({ ok: false, reason, shellOnly });

/** The way to a notebook server for all channels of one SSH connection; made when the first needs it. */
export class ServerLink {
  readonly #options: ServerLinkOptions;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<(message: string) => void>();
  #result: Promise<LinkResult> | undefined;
  #messages: string[] = [];

  constructor(options: ServerLinkOptions) {
    this.#options = options;
  }

  /** @param tell hears of the progress while the server starts, from its beginning */
  async get(tell: (message: string) => void): Promise<LinkResult> {
    for (const message of this.#messages) tell(message);
    this.#listeners.add(tell);
    this.#result ??= this.#make();
    try {
      const result = await this.#result;
      // What failed may go well the next time; that an image lacks something stays.
      if (!result.ok && !result.shellOnly) this.#result = undefined;
      return result;
    } finally {
      this.#listeners.delete(tell);
    }
  }

  /** One of Jupyter's own terminals. @throws Error */
  terminal(): Promise<Terminal> {
    const { hub, login } = this.#options;
    return openTerminal(hub, login, login.token);
  }

  close(): void {
    this.#stop.abort();
    void this.#result?.then((result) => {
      if (result.ok) result.link.close();
    });
  }

  async #make(): Promise<LinkResult> {
    const { hub, login, clock, idleSeconds, onLost } = this.#options;
    const tell = (message: string): void => {
      this.#messages.push(message);
      for (const listener of this.#listeners) listener(message);
    };
    try {
      const started = await hub.ensureServer(login, { token: login.token, tell, signal: this.#stop.signal });
      if (!started.ok) return failure(`the notebook server did not start: ${started.reason}`);
      const link = await AgentLink.start(await this.terminal(), { clock, idleSeconds });
      link.onLost = onLost;
      if (this.#stop.signal.aborted) link.close();
      return { ok: true, link };
    } catch (error) {
      if (error instanceof NoAgent) return failure(error.message, true);
      return failure(`the notebook server cannot be reached: ${reasonOf(error)}`);
    } finally {
      this.#messages = [];
    }
  }
}
