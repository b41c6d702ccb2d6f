import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import type { LookupFunction } from "node:net";
import { text } from "node:stream/consumers";

const ANSWER_MS = 120_000;
const MOST_REDIRECTS = 12;

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly host: string;
  readonly path: string;
}

interface Sent {
  readonly method?: string;
  readonly form?: Readonly<Record<string, string>>;
  /** A script's request rather than the opening of a page; it carries the cookie's token against forgery. */
  readonly isScript?: boolean;
}

export interface Answer {
  readonly status: number;
  /** Where the redirects ended. */
  readonly url: URL;
  readonly text: string;
}

/** Names below .localhost are this machine, also where its resolver does not know. */
const lookup: LookupFunction = (_host, options, callback) => {
  if (options.all) callback(null, [{ address: "127.0.0.1", family: 4 }]);
  else callback(null, "127.0.0.1", 4);
};

const isBelow = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);

/** One person's browser as far as servers see it: cookies by host and path, and connections that nobody else uses. */
export class Session {
  readonly #agent: Agent;
  #cookies: readonly Cookie[] = [];

  /** @param ca PEM of the platform's authority */
  constructor(ca: string) {
    this.#agent = new Agent({ ca, keepAlive: true, lookup });
  }

  /** Opens a page or sends a form, and follows redirects. */
  async open(url: URL, sent: Sent = {}): Promise<Answer> {
    let [at, next] = [url, sent];
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const response = await this.#send(at, next);
      const body = await text(response);
      const to = response.headers.location;
      const status = response.statusCode ?? 0;
      if (to === undefined || status < 300 || status > 399) return { status, url: at, text: body };
      [at, next] = [new URL(to, at), {}];
    }
    throw new Error(`${url} is redirected more than ${MOST_REDIRECTS} times, at last to ${at}`);
  }

  /** Calls as a script of the hub's or a server's pages. */
  call(url: URL, method = "GET"): Promise<Answer> {
    return this.open(url, { method, isScript: true });
  }

  /** The events of a stream of server-sent events, until it ends. */
  async *events(url: URL): AsyncGenerator<unknown> {
    const response = await this.#send(url, { isScript: true });
    if (response.statusCode !== 200) {
      throw new Error(`${url} answers ${response.statusCode}: ${(await text(response)).slice(0, 300)}`);
    }
    let rest = "";
    for await (const chunk of response.setEncoding("utf8")) {
      const lines = `${rest}${chunk}`.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.startsWith("data:")) yield JSON.parse(line.slice("data:".length));
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #cookiesFor({ hostname, pathname }: URL): readonly Cookie[] {
    return this.#cookies
      .filter(({ host, path }) => host === hostname && isBelow(pathname, path))
      .toSorted((a, b) => b.path.length - a.path.length);
  }

  #headers(url: URL, isScript: boolean): Record<string, string> {
    const cookies = this.#cookiesFor(url);
    const token = cookies.find(({ name }) => name === "_xsrf")?.value;
    return {
      cookie: cookies.map(({ name, value }) => `${name}=${value}`).join("; "),
      "sec-fetch-mode": isScript ? "cors" : "navigate",
      "sec-fetch-site": "same-origin",
      "user-agent": "carrel-bench",
      ...(isScript && token !== undefined ? { "x-xsrftoken": token } : {}),
    };
  }

  async #send(url: URL, { method, form, isScript = false }: Sent): Promise<IncomingMessage> {
    const body = form === undefined ? undefined : new URLSearchParams(form).toString();
    const headers = {
      ...this.#headers(url, isScript),
      ...(body === undefined
        ? {}
        : { "content-type": "application/x-www-form-urlencoded", origin: url.origin, "content-length": body.length }),
    };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const verb = method ?? (body === undefined ? "GET" : "POST");
      const outgoing = request(url, { method: verb, headers, agent: this.#agent, timeout: ANSWER_MS }, resolve);
      outgoing.on("timeout", () => outgoing.destroy(new Error(`no word of ${url} in ${ANSWER_MS / 1000} s`)));
      outgoing.on("error", reject);
      outgoing.end(body);
    });
    for (const line of response.headers["set-cookie"] ?? []) this.#keep(url.hostname, line);
    return response;
  }

  #keep(host: string, line: string): void {
    const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
    const name = pair.slice(0, pair.indexOf("="));
    const value = pair.slice(name.length + 1);
    const attribute = (wanted: string): string | undefined =>
      attributes.find((each) => each.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1);
    const path = attribute("path") ?? "/";
    const others = this.#cookies.filter((each) => each.name !== name || each.host !== host || each.path !== path);
    const expires = Date.parse(attribute("expires") ?? "");
    const isOver = attribute("max-age") === "0" || expires < Date.now() || value === "";
    this.#cookies = isOver ? others : [...others, { name, value, host, path }];
  }
}
