import { Session } from "./session.ts";

export interface Account {
  readonly username: string;
  readonly password: string;
}

/** What became of one click on Start. Times are milliseconds since the click. */
export interface Outcome {
  readonly user: string;
  /** `served` answers requests, `refused` was told why, `lost` was left with neither. */
  readonly end: "served" | "refused" | "lost";
  /** Until the hub's answer to the form. */
  readonly answeredMs: number;
  /** Until the hub's progress page said that the server is ready. */
  readonly toldReadyMs?: number;
  /** Until the server itself answered, or the reason was told. */
  readonly ms: number;
  /** What the refused were told, or what happened to the lost. */
  readonly words?: string;
}

interface Progress {
  readonly ready?: boolean;
  readonly failed?: boolean;
  readonly message?: string;
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#34": '"', "#39": "'" };
const plain = (html: string): string =>
  html
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/&([a-z]+|#\d+);/g, (whole, name: string) => entities[name] ?? whole)
    .replaceAll(/\s+/g, " ")
    .trim();

/** The `action` of the form with this id. */
function actionOf(html: string, id: string): string | undefined {
  const tag = html.match(new RegExp(`<form[^>]*\\bid="${id}"[^>]*>`))?.[0];
  const action = tag?.match(/\baction="([^"]*)"/)?.[1];
  return action === undefined ? undefined : plain(action);
}

const launchError = (html: string): string | undefined => {
  const found = html.match(/id="launch-error"[^>]*>([\s\S]*?)<\/p>/)?.[1];
  return found === undefined ? undefined : plain(found);
};

/** Somebody with an account at a browser of their own. */
export class Member {
  readonly username: string;
  readonly #password: string;
  readonly #hub: URL;
  readonly #session: Session;

  constructor({ username, password }: Account, hub: URL, ca: string) {
    this.username = username;
    this.#password = password;
    this.#hub = hub;
    this.#session = new Session(ca);
  }

  close(): void {
    this.#session.close();
  }

  /** From nothing to the hub, through the realm's form. @throws Error where one ends elsewhere */
  async logIn(): Promise<void> {
    const page = await this.#session.open(this.#at("/hub/home"));
    const action = actionOf(page.text, "kc-form-login");
    if (action === undefined) throw new Error(`${page.url} shows no login form, status ${page.status}`);
    const form = { username: this.username, password: this.#password, credentialId: "" };
    const { status, url } = await this.#session.open(new URL(action, page.url), { form });
    if (status === 200 && url.pathname === "/hub/home") return;
    throw new Error(`${this.username} is not logged in: status ${status} of ${url.origin}${url.pathname}`);
  }

  /** Opens the launch page; answers what sends it, once it offers the choice. */
  async choose(choice: Readonly<Record<string, string>>): Promise<(() => Promise<Outcome>) | undefined> {
    const page = await this.#session.open(this.#at("/hub/spawn"));
    const action = actionOf(page.text, "spawn_form");
    const isOffered = Object.values(choice).every((value) => page.text.includes(`value="${value}"`));
    if (action === undefined || !isOffered || !page.text.includes('type="submit"')) return undefined;
    return () => this.#start(new URL(action, page.url), choice);
  }

  /** Stops one's server, as the button of the hub's page does. */
  async stop(): Promise<void> {
    await this.callHub("DELETE", `/users/${this.username}/server`, [202, 204, 400, 404]);
  }

  /** @param expected statuses of the answer @throws Error for another one */
  async callHub(method: string, path: string, expected: readonly number[]): Promise<number> {
    const { status, text } = await this.#session.call(this.#at(`/hub/api${path}`), method);
    if (expected.includes(status)) return status;
    throw new Error(`the hub answers ${status} to ${method} ${path}: ${text.slice(0, 300)}`);
  }

  async #start(action: URL, form: Readonly<Record<string, string>>): Promise<Outcome> {
    const clicked = performance.now();
    const since = (): number => Math.round(performance.now() - clicked);
    let [answeredMs, toldReadyMs]: [number?, number?] = [];
    const outcome = (end: Outcome["end"], words?: string): Outcome => ({
      user: this.username,
      end,
      answeredMs: answeredMs ?? since(),
      ...(toldReadyMs === undefined ? {} : { toldReadyMs }),
      ms: since(),
      ...(words === undefined ? {} : { words }),
    });
    try {
      const answer = await this.#session.open(action, { form });
      answeredMs = since();
      const told = launchError(answer.text);
      if (told !== undefined) return outcome("refused", told);
      if (answer.status !== 200) return outcome("lost", `status ${answer.status}: ${plain(answer.text).slice(-300)}`);
      const reason = await this.#followProgress();
      if (reason !== undefined) return outcome(reason === "" ? "lost" : "refused", reason);
      toldReadyMs = since();
      await this.#enter();
      return outcome("served");
    } catch (error) {
      return outcome("lost", String(error));
    }
  }

  /** Answers when the server is ready, or what was told in place of it; nothing at all is told by an empty text. */
  async #followProgress(): Promise<string | undefined> {
    for await (const event of this.#session.events(this.#at(`/hub/api/users/${this.username}/server/progress`))) {
      const { ready, failed, message = "" } = event as Progress;
      if (ready === true) return undefined;
      if (failed === true) return message;
    }
    return "";
  }

  /** Goes to the server as the hub's page does, and asks it something. @throws Error when it does not answer as it has to */
  async #enter(): Promise<void> {
    const page = await this.#session.open(this.#at(`/user/${this.username}/lab`));
    const { status, text } = await this.#session.call(this.#at(`/user/${this.username}/api/status`));
    if (page.status === 200 && status === 200) return;
    throw new Error(
      `the server of ${this.username} answers ${page.status} and ${status}, at ${page.url.pathname}: ${text.slice(0, 200)}`,
    );
  }

  #at(path: string): URL {
    return new URL(path, this.#hub);
  }
}
