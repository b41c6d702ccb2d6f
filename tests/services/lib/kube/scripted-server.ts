import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a server saw of one request. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly bytes: Buffer;
}

export type Answer = (seen: Seen, response: ServerResponse) => void;

export interface ScriptedServer {
  readonly url: string;
  readonly port: number;
  readonly seen: Seen[];
  /** Answers for the next requests, first come first served; the fallback after them. */
  readonly next: Answer[];
  fallback: Answer;
  close(): Promise<void>;
}

export function json(code: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return (_seen, response) => {
    response.writeHead(code, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };
}

export function text(code: number, body: string, contentType = "text/plain"): Answer {
  return (_seen, response) => response.writeHead(code, { "content-type": contentType }).end(body);
}

async function seenOf(request: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const url = new URL(request.url ?? "", "http://server");
  return {
    method: request.method ?? "",
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: request.headers,
    body: bytes.toString("utf8"),
    bytes,
  };
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}

/** A real HTTP server on loopback that writes down every request and answers as told. */
export async function scriptedServer(fallback: Answer = json(200, {})): Promise<ScriptedServer> {
  const seen: Seen[] = [];
  const next: Answer[] = [];
  const server = createServer((request, response) => {
    seenOf(request).then(
      (one) => {
        seen.push(one);
        (next.shift() ?? scripted.fallback)(one, response);
      },
      () => response.destroy(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const scripted: ScriptedServer = {
    url: `http://127.0.0.1:${port}`,
    port,
    seen,
    next,
    fallback,
    close: () => closeServer(server),
  };
  return scripted;
}
