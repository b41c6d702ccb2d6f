import { BlockList, isIP, type Socket } from "node:net";
import { parseProxyHeader } from "./proxy-header.ts";

export interface Proxies {
  /** CIDRs of load balancers that stand before this gateway. */
  readonly cidrs: readonly string[];
  /** Whether they send a PROXY header; else whom they speak for is unknown. */
  readonly sendHeader: boolean;
}

/** Where a connection comes from. */
export interface ClientAddress {
  /** For the audit. */
  readonly shown: string;
  /** What limits count by; undefined for an address that many clients share. */
  readonly own: string | undefined;
}

const plain = (address: string): string => (address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address);

/** Whether an address is in one of some CIDRs. */
export function blockOf(cidrs: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [network = "", bits = ""] = cidr.split("/");
    list.addSubnet(network, Number(bits), isIP(network) === 6 ? "ipv6" : "ipv4");
  }
  return (address) => isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

/** Reads the header and gives back what follows it. Undefined: not a header, or the connection ended. */
function readHeader(socket: Socket): Promise<string | undefined | false> {
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    const finish = (address: string | undefined | false): void => {
      socket.off("data", read).off("close", ended).pause();
      resolve(address);
    };
    const ended = (): void => finish(false);
    const read = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      const header = parseProxyHeader(bytes);
      if (header.state === "wrong") finish(false);
      if (header.state !== "read") return;
      finish(header.address);
      const rest = bytes.subarray(header.length);
      if (rest.length > 0) socket.unshift(rest);
    };
    socket.on("data", read).on("close", ended);
  });
}

/** Finds out where connections come from. Undefined: a balancer did not say what it has to. */
export function addressReader({ cidrs, sendHeader }: Proxies): (socket: Socket) => Promise<ClientAddress | undefined> {
  const isProxy = blockOf(cidrs);
  return async (socket) => {
    const peer = plain(socket.remoteAddress ?? "");
    if (!isProxy(peer)) return { shown: peer, own: peer };
    if (!sendHeader) return { shown: peer, own: undefined };
    const told = await readHeader(socket);
    if (told === false) return undefined;
    return told === undefined ? { shown: peer, own: undefined } : { shown: plain(told), own: plain(told) };
  };
}
