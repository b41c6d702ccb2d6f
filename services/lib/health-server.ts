import { createServer, type Server } from "node:http";

export interface Health {
  readonly metrics: () => string;
  /** Why nobody should come here now, if so. */
  readonly notReady: () => string | undefined;
}

const PLAIN = "text/plain; charset=utf-8";
const METRICS = "text/plain; version=0.0.4; charset=utf-8";

/** Plain HTTP inside the pod network: /metrics, /livez, /readyz. */
export function healthServer({ metrics, notReady }: Health): Server {
  return createServer(({ url }, response) => {
    const send = (status: number, body: string, type = PLAIN): void => {
      const headers = { "content-type": type, "content-length": String(Buffer.byteLength(body)) };
      response.writeHead(status, headers).end(body);
    };
    if (url === "/livez") return send(200, "ok\n");
    if (url === "/metrics") return send(200, metrics(), METRICS);
    if (url !== "/readyz") return send(404, "not found\n");
    const reason = notReady();
    return send(reason === undefined ? 200 : 503, `${reason ?? "ok"}\n`);
  });
}
