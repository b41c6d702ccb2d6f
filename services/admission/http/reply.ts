import type { ServerResponse } from "node:http";

/** A call that gets no verdict: it has failed, and the webhook's failurePolicy decides. */
export class Refused extends Error {
  /** The HTTP status that says so. */
  readonly code: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.headers = headers;
  }
}

type Headers = Readonly<Record<string, string>>;

/** Answers with a text, once: nothing where an answer is sent already. */
export function send(response: ServerResponse, code: number, body: string, headers?: Headers): void {
  if (response.headersSent) return;
  const length = Buffer.byteLength(body);
  response.writeHead(code, { "content-type": "text/plain; charset=utf-8", "content-length": length, ...headers });
  // Text of one byte a character is written as it is; Node would look at every character of it again.
  response.end(body, length === body.length ? "latin1" : "utf8");
}
