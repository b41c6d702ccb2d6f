import { constants } from "node:crypto";
import { createServer, type Server } from "node:https";
import type { SecureContextOptions } from "node:tls";
import type { TlsFiles } from "./certificates.ts";
import { CallHandler, type CallHandlerOptions } from "./http/call-handler.ts";
import { CallsUnderWay } from "./http/calls.ts";
import { strangersOf } from "./http/client-certificate.ts";

export type { Webhook } from "./http/call-handler.ts";

/** The API server drops idle connections after 90 s; we must not be first. */
const KEEP_ALIVE_MS = 120_000;
/** A call has at most 30 s; who takes longer for its headers or its body is not the API server. */
const [HANDSHAKE_MS, HEADERS_MS, REQUEST_MS] = [30_000, 30_000, 35_000];
const CHECK_MS = 5_000;
/** Each API server opens as many as it has calls under way; a connection takes some 65 KiB. */
export const MAX_CONNECTIONS = 2_048;

export interface ServerOptions extends CallHandlerOptions {
  /** Bounds and counts what is under way. */
  readonly calls?: CallsUnderWay;
  /** Common names of clients that may call, where certificates are asked for; none is any that the authority signed. */
  readonly clientNames?: ReadonlySet<string>;
}

/** What new connections are made with; TLS 1.3 only. */
export function secureContext({ cert, key, clientCa }: TlsFiles): SecureContextOptions {
  const pair: SecureContextOptions = { cert, key, minVersion: "TLSv1.3" };
  // A resumed session would be trusted as it was before the authority changed; the API server resumes none.
  return clientCa === undefined ? pair : { ...pair, ca: clientCa, secureOptions: constants.SSL_OP_NO_TICKET };
}

/** HTTPS for the API server: HTTP/1.1 over TLS 1.3, connections kept longer than it keeps them. */
export function webhookServer(options: ServerOptions, files: TlsFiles): Server {
  const { calls = new CallsUnderWay(), clientNames = new Set() } = options;
  const isVerifying = files.clientCa !== undefined;
  const server = createServer({
    ...secureContext(files),
    requestCert: isVerifying,
    // Callers are refused by an answer that says why; see `strangersOf`.
    rejectUnauthorized: false,
    handshakeTimeout: HANDSHAKE_MS,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: CHECK_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  server.maxConnections = MAX_CONNECTIONS;
  const handler = new CallHandler(options, calls, isVerifying ? strangersOf(server, clientNames) : undefined);
  server.on("request", (request, response) => handler.handle(request, response, false));
  server.on("checkContinue", (request, response) => handler.handle(request, response, true));
  const closed = new AbortController();
  server.on("listening", () => void calls.watch(options.clock, closed.signal));
  server.on("close", () => closed.abort());
  return server;
}
