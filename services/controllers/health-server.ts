import { createServer, type Server, type ServerResponse } from "node:http";

export interface Health {
  readonly metrics: () => string;
  /** Why this process cannot do its work now, if so. */
  readonly notReady: () => string | undefined;
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text);
}

/** Plain HTTP inside the pod network: /metrics, /livez, /readyz. */
export function healthServer({ metrics, notReady }: Health): Server {
  return createServer(({ url }, response) => {
    if (url === "/livez") return send(response, 200, "ok\n");
    if (url === "/metrics") return send(response, 200, metrics());
    if (url !== "/readyz") return send(response, 404, "not found\n");
    const reason = notReady();
    return send(response, reason === undefined ? 200 : 503, `${reason ?? "ok"}\n`);
  });
}
