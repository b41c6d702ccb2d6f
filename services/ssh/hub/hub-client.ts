import { type Clock, systemClock } from "../../lib/clock.ts";
import { reasonOf } from "../../lib/log.ts";
import { ask, fieldsOf, open } from "./http.ts";
import { printable, readProgress } from "./progress.ts";

/** One notebook server of a user; the default one has no name. */
export interface ServerRef {
  readonly user: string;
  readonly server: string;
}

export type Identity =
  | { readonly ok: true; readonly name: string; readonly tokenId: string }
  | { readonly ok: false; readonly reason: "refused" | "unavailable"; readonly detail: string };

export type Start = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export interface StartOptions {
  readonly token: string;
  readonly tell: (message: string) => void;
  readonly signal: AbortSignal;
}

/** What the hub needs to note that a start is under way; its progress is refused before. */
const NOTED_MS = 500;
const RETRY_MS = 1_000;
/** The hub answers a start after 10 s at the latest, ready or not. */
const START_CALL_MS = 30_000;

/** Asks the hub and its proxy with a user's own token, and has no right of its own. */
export class HubClient {
  readonly #url: URL;
  readonly #clock: Clock;
  readonly #startMs: number;

  /** @param url of the proxy, because both the hub and the users' servers are behind it */
  constructor(url: URL, options: { readonly clock?: Clock; readonly startMs?: number } = {}) {
    this.#url = new URL(url.href.endsWith("/") ? url : `${url.href}/`);
    this.#clock = options.clock ?? systemClock;
    this.#startMs = options.startMs ?? 300_000;
  }

  /** Whose token it is. Services have tokens too, and are nobody who logs in. */
  async identify(token: string): Promise<Identity> {
    try {
      const { status, text } = await ask(this.#at("hub/api/user"), { token });
      const { name, kind, token_id: tokenId } = fieldsOf(text);
      if (status === 200 && kind === "user" && typeof name === "string") {
        return { ok: true, name, tokenId: String(tokenId ?? "") };
      }
      if (status === 401 || status === 403) {
        return { ok: false, reason: "refused", detail: "the hub does not know the token, or it has expired" };
      }
      if (status === 200) return { ok: false, reason: "refused", detail: "the token is not a person's" };
      return { ok: false, reason: "unavailable", detail: `the hub answered ${status}` };
    } catch (error) {
      return { ok: false, reason: "unavailable", detail: `the hub does not answer: ${reasonOf(error)}` };
    }
  }

  /** Below the server's own URL. */
  serverUrl({ user, server }: ServerRef, path: string): URL {
    const own = server === "" ? "" : `${encodeURIComponent(server)}/`;
    return this.#at(`user/${encodeURIComponent(user)}/${own}${path}`);
  }

  /** Starts the server unless it runs, and waits until it answers. */
  async ensureServer(ref: ServerRef, { token, tell, signal }: StartOptions): Promise<Start> {
    const status = await this.#serverStatus(ref, token);
    if (status === 200) return { ok: true };
    if (status === 401 || status === 403) return refusal("the token may not reach this server (scope access:servers)");
    tell(`Starting your notebook server${ref.server === "" ? "" : ` ${ref.server}`} ...`);
    const deadline = new AbortController();
    const stop = AbortSignal.any([signal, deadline.signal]);
    const timer = this.#clock.sleep(this.#startMs, stop).then(() => deadline.abort());
    try {
      return await this.#start(ref, token, tell, stop);
    } catch (error) {
      if (signal.aborted) return refusal("the connection ended");
      return refusal(stop.aborted ? `it did not start within ${this.#startMs / 1000} s` : reasonOf(error));
    } finally {
      deadline.abort();
      await timer;
    }
  }

  async #start(ref: ServerRef, token: string, tell: (message: string) => void, signal: AbortSignal): Promise<Start> {
    const call = { method: "POST", token, signal, timeoutMs: START_CALL_MS } as const;
    const posted = ask(this.#apiOf(ref, ""), call).then(({ status, text }) => startAnswer(status, text));
    posted.catch(() => {});
    await Promise.race([posted, this.#clock.sleep(NOTED_MS, signal)]);
    const failure = await this.#follow(ref, token, tell, signal);
    const answer = await posted;
    if (!answer.ok) return failure ?? answer;
    if (failure) return failure;
    return this.#untilReady(ref, token, signal);
  }

  /** Tells the progress as far as the hub gives it; answers with the reason where the start failed. */
  async #follow(
    ref: ServerRef,
    token: string,
    tell: (message: string) => void,
    signal: AbortSignal,
  ): Promise<Start | undefined> {
    const response = await open(this.#apiOf(ref, "/progress"), { token, signal, timeoutMs: this.#startMs });
    if (response.statusCode !== 200) {
      response.resume();
      return undefined;
    }
    let last = "";
    for await (const { message, end } of readProgress(response as AsyncIterable<Buffer>)) {
      if (message !== last && message !== "") tell(message);
      last = message;
      if (end !== undefined) {
        response.destroy();
        return end === "failed" ? refusal(message || "the hub gave no reason") : undefined;
      }
    }
    return undefined;
  }

  async #untilReady(ref: ServerRef, token: string, signal: AbortSignal): Promise<Start> {
    for (;;) {
      const status = await this.#serverStatus(ref, token);
      if (status === 200) return { ok: true };
      if (status === 401 || status === 403)
        return refusal("the token may not reach this server (scope access:servers)");
      await this.#clock.sleep(RETRY_MS, signal);
      signal.throwIfAborted();
    }
  }

  /** 200 when it runs and the token may use it; the hub answers in its place with 424 or 503 when it does not run. */
  async #serverStatus(ref: ServerRef, token: string): Promise<number> {
    return (await ask(this.serverUrl(ref, "api/status"), { token })).status;
  }

  #apiOf({ user, server }: ServerRef, path: string): URL {
    const name = encodeURIComponent(user);
    return this.#at(
      server === ""
        ? `hub/api/users/${name}/server${path}`
        : `hub/api/users/${name}/servers/${encodeURIComponent(server)}${path}`,
    );
  }

  #at(path: string): URL {
    return new URL(path, this.#url);
  }
}

const refusal = (reason: string): Start => ({ ok: false, reason });

function startAnswer(status: number, text: string): Start {
  if (status === 201 || status === 202) return { ok: true };
  const { message } = fieldsOf(text);
  const said = printable(typeof message === "string" ? message : "").trim();
  if (status === 400 && /already running|pending spawn/.test(said)) return { ok: true };
  if (status === 403) return refusal("the token may not start servers (scope servers)");
  return refusal(said || `the hub answered ${status}`);
}
