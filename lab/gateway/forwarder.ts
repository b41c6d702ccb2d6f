import { connect, createServer, type Server, type Socket } from "node:net";

export interface Forwarding {
  /** An address of this machine's loopback. */
  readonly listen: string;
  readonly port: number;
  /** The gateway's address; the port is the same. */
  readonly to: string;
}

/** What one end does, the other does: half-closed connections stay half-open, broken ones break. */
function join(a: Socket, b: Socket): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.pipe(to);
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroy());
    from.setNoDelay(true);
    from.setKeepAlive(true, 60_000);
  }
}

/** Hands connections to a port of the loopback on to the gateway. @throws Error where the port is taken */
export function forward({ listen, port, to }: Forwarding): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    join(client, connect({ host: to, port, allowHalfOpen: true }));
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: listen, port, ipv6Only: true }, () => resolve(server));
  });
}
