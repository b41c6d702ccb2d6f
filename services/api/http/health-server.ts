import { createServer, type Server } from "node:http";
import { sendText } from "./reply.ts";

export interface Health {
  readonly metrics: () => string;
  /** Why no request should come here now, if so. */
  readonly notReady: () => string | undefined;
}

const METRICS = { "content-type": "text/plain; version=0.0.4; charset=utf-8" };

/** Plain HTTP inside the pod network: /metrics, /livez, /readyz. */
export function healthServer({ metrics, notReady }: Health): Server {
  return createServer((request, response) => {
    if (request.url === "/livez") return sendText(response, 200, "ok\n");
    if (request.url === "/metrics") return sendText(response, 200, metrics(), METRICS);
    if (request.url !== "/readyz") return sendText(response, 404, "not found\n");
    const reason = notReady();
    return sendText(response, reason === undefined ? 200 : 503, `${reason ?? "ok"}\n`);
  });
}
