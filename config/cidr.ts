import { isIPv4, isIPv6 } from "node:net";

/** A range of IP addresses. */
export interface Cidr {
  /** The range with its host bits cleared, as Kubernetes writes it. */
  readonly network: string;
  readonly version: 4 | 6;
  readonly prefixLength: number;
  /** Whether the text had a bit set behind the prefix: an address with a mask, not a range. */
  readonly hasHostBits: boolean;
}

const IPV4_MAPPED = 0xffffn;

function ipv4Bits(address: string): bigint {
  return address.split(".").reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
}

function ipv4Text(bits: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join(".");
}

/** The URL parser writes RFC 5952's shortest form, with a trailing IPv4 part turned into groups. */
const canonicalIpv6 = (address: string): string => new URL(`http://[${address}]`).hostname.slice(1, -1);

function ipv6Bits(address: string): bigint {
  const [head = "", tail] = canonicalIpv6(address).split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const before = groups(head);
  const after = groups(tail ?? "");
  const zeros = Array<string>(8 - before.length - after.length).fill("0");
  return [...before, ...zeros, ...after].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

function ipv6Text(bits: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bits >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  return canonicalIpv6(groups.join(":"));
}

/** The range that `ADDRESS/LENGTH` names; undefined for what is none, and for IPv4-mapped IPv6, which Kubernetes refuses. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = "", length = "", ...rest] = text.split("/");
  if (rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  // A zone (`fe80::1%eth0`) is an address of one machine's interface, and no range.
  const version = isIPv4(address) ? 4 : isIPv6(address) && !address.includes("%") ? 6 : undefined;
  if (version === undefined) return undefined;
  const width = version === 4 ? 32 : 128;
  const prefixLength = Number(length);
  if (prefixLength > width) return undefined;
  const bits = version === 4 ? ipv4Bits(address) : ipv6Bits(address);
  if (version === 6 && bits >> 32n === IPV4_MAPPED) return undefined;
  const hostBits = BigInt(width - prefixLength);
  const cleared = (bits >> hostBits) << hostBits;
  return {
    network: `${version === 4 ? ipv4Text(cleared) : ipv6Text(cleared)}/${prefixLength}`,
    version,
    prefixLength,
    hasHostBits: cleared !== bits,
  };
}
