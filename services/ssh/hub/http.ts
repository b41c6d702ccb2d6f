import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";

export interface Call {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly token?: string;
  readonly body?: object;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

const MAX_BYTES = 1 << 20;
const TIMEOUT_MS = 15_000;

/** Begins a call and answers with the head of the response. The token is sent as a header, never in the URL, which is logged. */
export function open(url: URL, call: Call): Promise<IncomingMessage> {
  const { method = "GET", token, body, timeoutMs = TIMEOUT_MS, signal } = call;
  const text = body === undefined ? "" : JSON.stringify(body);
  const headers = {
    accept: "application/json, text/event-stream",
    ...(token === undefined ? {} : { authorization: `token ${token}` }),
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    "content-length": String(Buffer.byteLength(text)),
  };
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, ...(signal ? { signal } : {}) }, resolve);
    sent.setTimeout(timeoutMs, () => sent.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
    sent.on("error", reject);
    sent.end(text);
  });
}

/** The whole answer to a call. @throws Error when there is none in time, or it is too long */
export async function ask(url: URL, call: Call = {}): Promise<Answer> {
  const response = await open(url, call);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`an answer beyond ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") };
}

/** The fields of a JSON object, or none when the text is something else. */
export function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : {};
  } catch {
    return {};
  }
}
