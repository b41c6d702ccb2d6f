import { once } from "node:events";
import type { Server as HttpServer } from "node:http";
import { Agent, request as httpsRequest, type RequestOptions, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import type { TlsFiles } from "../../../services/admission/certificates.ts";
import type { Webhook } from "../../../services/admission/http/call-handler.ts";
import { type CallLimits, CallsUnderWay } from "../../../services/admission/http/calls.ts";
import { AdmissionMetrics } from "../../../services/admission/metrics.ts";
import { type ServerOptions, webhookServer } from "../../../services/admission/server.ts";
import { systemClock } from "../../../services/lib/clock.ts";
import { keptLog } from "./mutating.ts";

export const portOf = (server: HttpServer | Server): number => (server.address() as AddressInfo).port;
export const listening = (server: HttpServer | Server): Promise<void> =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
export const closed = (server: HttpServer | Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** The body of a review of a pod's creation, with some fields of its request replaced. */
export const reviewOf = (request: object = {}, own: object = {}): string =>
  JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: "7",
      operation: "CREATE",
      resource: { group: "", version: "v1", resource: "pods" },
      namespace: "work",
      object: { metadata: { name: "pod" }, spec: { containers: [{ name: "main" }] } },
      ...request,
    },
    ...own,
  });

export interface Reply {
  readonly code: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Our end of the connection: the same port is the same connection. */
  readonly port: number | undefined;
}

/** A webhook server on the loopback, and ways to call it. */
export class Caller {
  readonly server: Server;
  readonly calls: CallsUnderWay;
  readonly metrics = new AdmissionMetrics();
  readonly lines: Record<string, unknown>[];
  readonly agent: Agent;
  /** What each path answers; read at each call. */
  readonly webhooks: Record<string, Webhook> = {
    "/quota": async () => undefined,
    "/mutate": async () => undefined,
  };
  draining = false;
  readonly #tls: { readonly host: string; readonly ca: string; readonly servername: string };

  constructor(files: TlsFiles, ca: string, limits: Partial<CallLimits> = {}, more: Partial<ServerOptions> = {}) {
    const { log, lines } = keptLog();
    this.lines = lines;
    this.calls = new CallsUnderWay(limits);
    const current =
      (path: string): Webhook =>
      async (...args) =>
        this.webhooks[path]?.(...args);
    this.server = webhookServer(
      {
        webhooks: { "/quota": current("/quota"), "/mutate": current("/mutate") },
        failClosed: ["/quota"],
        metrics: this.metrics,
        clock: systemClock,
        log,
        isDraining: () => this.draining,
        calls: this.calls,
        ...more,
      },
      files,
    );
    this.#tls = { host: "127.0.0.1", ca, servername: "localhost" };
    this.agent = new Agent({ keepAlive: true, maxSockets: 1, ...this.#tls });
  }

  async close(): Promise<void> {
    this.agent.destroy();
    await closed(this.server);
  }

  /** Sends a call; what is wrong with its connection rejects. */
  send(path: string, body: string | Buffer = reviewOf(), own: RequestOptions = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const headers = { "content-type": "application/json", ...own.headers };
      const options = {
        ...this.#tls,
        port: portOf(this.server),
        path,
        method: "POST",
        agent: this.agent,
        ...own,
        headers,
      };
      const request = httpsRequest(options, (response) => {
        const port = response.socket.localPort;
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("error", reject);
        response.on("end", () =>
          resolve({ code: response.statusCode ?? 0, body: text, headers: response.headers, port }),
        );
      });
      request.on("error", reject).end(body);
    });
  }

  /** The `response` of the AdmissionReview that answers. */
  async response(path: string, body?: string): Promise<Record<string, unknown>> {
    const { code, body: text } = await this.send(path, body);
    if (code !== 200) throw new Error(`${code} ${text}`);
    return (JSON.parse(text) as { response: Record<string, unknown> }).response;
  }

  /** A bare connection. */
  async connect(own: object = {}): Promise<TLSSocket> {
    const socket = connect({
      ...this.#tls,
      port: portOf(this.server),
      ...own,
    });
    await once(socket, "secureConnect");
    return socket;
  }
}

/** Everything that comes from a connection until it ends. */
export async function received(socket: TLSSocket): Promise<string> {
  let text = "";
  for await (const chunk of socket.setEncoding("utf8")) text += chunk;
  return text;
}
