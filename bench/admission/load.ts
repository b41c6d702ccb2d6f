import { type Address, Caller, type Reply, requestBytes } from "./caller.ts";
import { answerUsage } from "./meter.ts";

/** What the load process is asked, one thing at a time. */
export type Order =
  | { readonly kind: "connect"; readonly to: string; readonly address: Address; readonly connections: number }
  | { readonly kind: "each"; readonly to: string; readonly path: string; readonly bodies: readonly string[] }
  | {
      readonly kind: "closed";
      readonly to: string;
      readonly path: string;
      readonly bodies: readonly string[];
      readonly calls: number;
    }
  | {
      readonly kind: "open";
      readonly to: string;
      readonly path: string;
      readonly bodies: readonly string[];
      readonly perSecond: number;
      readonly seconds: number;
    };

/** Replies of `each`, milliseconds of each call of the loops, or why it went wrong. */
export interface Report {
  readonly replies?: readonly Reply[];
  readonly times?: readonly number[];
  readonly error?: string;
}

interface Known {
  readonly address: Address;
  readonly connections: number;
  /** Opened when it is first needed: a server ends connections on which nobody says anything. */
  caller?: Caller;
}

const known = new Map<string, Known>();

async function once(address: Address, requests: readonly Buffer[]): Promise<Report> {
  const caller = await Caller.open(address, 1);
  try {
    return { replies: await caller.each(requests) };
  } finally {
    caller.close();
  }
}

async function done(order: Order): Promise<Report> {
  if (order.kind === "connect") {
    known.set(order.to, { address: order.address, connections: order.connections });
    return {};
  }
  const server = known.get(order.to);
  if (!server) throw new Error(`nobody said where ${order.to} is`);
  const requests = order.bodies.map((body) => requestBytes(order.path, Buffer.from(body, "base64")));
  if (order.kind === "each") return await once(server.address, requests);
  server.caller ??= await Caller.open(server.address, server.connections);
  if (order.kind === "closed") return { times: await server.caller.closed(requests, order.calls) };
  return { times: await server.caller.open(requests, order.perSecond, order.seconds) };
}

answerUsage();
process.on("message", (order: Order | "usage") => {
  if (order === "usage") return;
  done(order).then(
    (report) => process.send?.(report),
    (error: unknown) => process.send?.({ error: String(error) } satisfies Report),
  );
});
