import { createServer, type Server } from "node:http";

export interface Health {
  readonly metrics: () => string;
  /** Why no connection should come here now, if so. */
  readonly notReady: () => string | undefined;
}

/** Plain HTTP inside the pod network: /metrics, /livez, /readyz. */
export function healthServer({ metrics, notReady }: Health): Server {
  return createServer(({ url }, response) => {
    const send = (status: number, text: string): void => {
      response.writeHead(status, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text);
    };
    if (url === "/livez") return send(200, "ok\n");
    if (url === "/metrics") return send(200, metrics());
    if (url !== "/readyz") return send(404, "not found\n");
    const reason = notReady();
    return send(reason === undefined ? 200 : 503, `${reason ?? "ok"}\n`);
  });
}
