import type { types } from "@pulumi/kubernetes";

/** What is not the internet: the site, its machines, their neighbours, and what clouds put at link-local addresses. */
const closedIpv4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "224.0.0.0/4",
  "240.0.0.0/4",
];
/** The same, and addresses that lead to IPv4 ones: translated at the site, Teredo and 6to4. Mapped ones leave as IPv4. */
const closedIpv6 = [
  "::/96",
  "64:ff9b:1::/48",
  "2001::/32",
  "2002::/16",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
];

const isIpv6 = (cidr: string): boolean => cidr.includes(":");

/** A range of IPv4 as networks without it reach it, by NAT64 (RFC 6052). */
export function translated(cidr: string): string {
  const [address = "", bits] = cidr.split("/");
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  const group = (high: number, low: number): string => (high * 256 + low).toString(16);
  return `64:ff9b::${group(a, b)}:${group(c, d)}/${96 + Number(bits)}`;
}

/**
 * To every public address, on any port.
 * @param closed ranges that are not reached although they may be public
 */
export function toInternet(closed: readonly string[]): types.input.networking.v1.NetworkPolicyEgressRule {
  const ipv4 = [...new Set([...closedIpv4, ...closed.filter((cidr) => !isIpv6(cidr))])];
  const ipv6 = [...new Set([...closedIpv6, ...closed.filter(isIpv6), ...ipv4.map(translated)])];
  return {
    to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ipv4 } }, { ipBlock: { cidr: "::/0", except: ipv6 } }],
  };
}
