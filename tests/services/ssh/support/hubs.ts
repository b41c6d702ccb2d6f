import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface Scripted {
  readonly url: URL;
  /** `METHOD path` and the authorization of each request. */
  readonly requests: [string, string | undefined][];
  readonly server: Server;
}

/** What to answer to `METHOD path`: a status, a status with a body, or whatever a function does. */
export type Script = Readonly<
  Record<string, number | readonly [number, object] | ((request: IncomingMessage, response: ServerResponse) => void)>
>;

const open: Server[] = [];
/** Also those that became websockets, of which the server knows nothing any more. */
const sockets = new Set<Socket>();

/** An HTTP server that answers from a script, and 404 to everything else; closed after the test. */
export async function scripted(script: Script): Promise<Scripted> {
  const requests: Scripted["requests"] = [];
  const server = createServer((request, response) => {
    const asked = `${request.method} ${request.url}`;
    requests.push([asked, request.headers.authorization]);
    const answer = script[asked] ?? 404;
    if (typeof answer === "function") return answer(request, response);
    const [status, body] = typeof answer === "number" ? [answer, {}] : answer;
    return void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  server.on("connection", (socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(server);
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`), requests, server };
}

export function closeScripted(): void {
  for (const server of open.splice(0)) server.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
}
