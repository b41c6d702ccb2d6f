/** What a load balancer says before the client's first byte, in version 1 or 2 of HAProxy's PROXY protocol. */
export type ProxyHeader =
  | { readonly state: "more" }
  | { readonly state: "wrong" }
  /** `address` is undefined where the balancer speaks for itself, as in a health check. */
  | { readonly state: "read"; readonly address: string | undefined; readonly length: number };

const SIGNATURE = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
const LONGEST_TEXT = 107;
const HEAD = 16;

const more: ProxyHeader = { state: "more" };
const wrong: ProxyHeader = { state: "wrong" };

function ipv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
  return groups.join(":");
}

function binary(bytes: Buffer): ProxyHeader | undefined {
  const known = bytes.subarray(0, SIGNATURE.length);
  if (!known.equals(SIGNATURE.subarray(0, known.length))) return undefined;
  if (bytes.length < HEAD) return more;
  const [command = 0, family = 0] = [bytes[12], bytes[13]];
  const length = HEAD + bytes.readUInt16BE(14);
  if (command !== 0x20 && command !== 0x21) return wrong;
  if (bytes.length < length) return more;
  const body = bytes.subarray(HEAD, length);
  if (command === 0x20) return { state: "read", address: undefined, length };
  if (family === 0x11 && body.length >= 12) return { state: "read", address: body.subarray(0, 4).join("."), length };
  if (family === 0x21 && body.length >= 36) return { state: "read", address: ipv6(body), length };
  return wrong;
}

function text(bytes: Buffer): ProxyHeader | undefined {
  const line = bytes.subarray(0, LONGEST_TEXT).toString("latin1");
  if (!line.startsWith("PROXY ".slice(0, line.length))) return undefined;
  const end = line.indexOf("\r\n");
  if (end < 0) return bytes.length < LONGEST_TEXT ? more : wrong;
  const [, family, address] = line.slice(0, end).split(" ");
  const length = end + 2;
  if (family === "UNKNOWN") return { state: "read", address: undefined, length };
  return /^TCP[46]$/.test(family ?? "") && address ? { state: "read", address, length } : wrong;
}

/** @param bytes everything that came so far */
export const parseProxyHeader = (bytes: Buffer): ProxyHeader => binary(bytes) ?? text(bytes) ?? wrong;
