import type { ServerResponse } from "node:http";
import { type ErrorCode, errorCodes } from "../errors.ts";

type Headers = Readonly<Record<string, string>>;

/** Answers with a text, once: nothing where an answer is sent already. */
export function sendText(response: ServerResponse, code: number, body: string, headers: Headers = {}): void {
  if (response.headersSent) return;
  const own = { "content-type": "text/plain; charset=utf-8", "content-length": String(Buffer.byteLength(body)) };
  response.writeHead(code, { ...own, ...headers }).end(body);
}

/** Answers as GraphQL does, with an error and no data. */
export function sendError(response: ServerResponse, code: ErrorCode, message: string, own: Refusal = {}): void {
  const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
  const headers = { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...own.headers };
  sendText(response, own.status ?? errorCodes[code], body, headers);
}

/** What an error answers beside its code. */
export interface Refusal {
  /** @default the code's */
  readonly status?: number;
  readonly headers?: Headers;
}
