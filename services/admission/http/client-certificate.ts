import type { Server } from "node:https";
import type { TLSSocket } from "node:tls";

/** Why a connection is not the API server's; undefined where it is. */
export type Stranger = (socket: object) => string | undefined;

const REMEDY = "give the API server a certificate for webhooks by its AdmissionConfiguration";

function flawOf(socket: TLSSocket, names: ReadonlySet<string>): string | undefined {
  if (!socket.authorized) {
    // Node gives the code of OpenSSL here, whatever its type says.
    const code = String(socket.authorizationError);
    if (Object.keys(socket.getPeerCertificate()).length === 0)
      return `the caller has shown no client certificate: ${REMEDY}`;
    return `the caller's client certificate is not accepted (${code}): ${REMEDY}`;
  }
  if (names.size === 0) return undefined;
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  if (typeof name === "string" && names.has(name)) return undefined;
  const allowed = [...names].join(", ");
  return `the caller's client certificate is for ${JSON.stringify(name ?? null)}, and not for one of ${allowed}: ${REMEDY}`;
}

/**
 * Checks the client certificate of each connection once. Callers without a right one get as far as an HTTP answer, because
 * the API server logs its text, and only a bare alert of a handshake that fails.
 * @param names common names that may call; none is any that the authority signed
 */
export function strangersOf(server: Server, names: ReadonlySet<string>): Stranger {
  const flaws = new WeakMap<object, string>();
  server.on("secureConnection", (socket) => {
    const flaw = flawOf(socket, names);
    if (flaw !== undefined) flaws.set(socket, flaw);
  });
  return (socket) => flaws.get(socket);
}
