import { existsSync } from "node:fs";
import type { LabLayout } from "./layout.ts";
import { attempt, run } from "./run.ts";

const ip = (...args: string[]): Promise<string> => run("ip", args);

/** Runs a program in the lab's network namespace. `ip netns exec` would remount /sys and hide the cgroups. */
export const inNamespace = (layout: LabLayout, ...command: string[]): [string, string[]] => [
  "nsenter",
  [`--net=${layout.netnsPath}`, ...command],
];

/** One namespace, one veth, and routes of the host to the lab's pods and Services. */
export async function createNetwork(layout: LabLayout): Promise<void> {
  await ip("netns", "add", layout.netns);
  await ip(
    "link",
    "add",
    layout.hostInterface,
    "type",
    "veth",
    "peer",
    "name",
    layout.labInterface,
    "netns",
    layout.netns,
  );
  await ip("addr", "add", `${layout.hostAddress}/24`, "dev", layout.hostInterface);
  await ip("link", "set", layout.hostInterface, "up");
  const inside = (...command: string[]): Promise<string> => run(...inNamespace(layout, ...command));
  await inside("ip", "link", "set", "lo", "up");
  await inside("ip", "addr", "add", `${layout.nodeAddress}/24`, "dev", layout.labInterface);
  await inside("ip", "addr", "add", `${layout.gatewayAddress}/32`, "dev", layout.labInterface);
  await inside("ip", "link", "set", layout.labInterface, "up");
  await inside("ip", "route", "add", "default", "via", layout.hostAddress);
  await inside("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
  for (const cidr of [layout.podCidr, layout.serviceCidr, layout.loadBalancerCidr]) {
    await ip("route", "add", cidr, "via", layout.nodeAddress);
  }
}

/** The routes go with the interface; whatever is already gone is fine. */
export async function removeNetwork(layout: LabLayout): Promise<void> {
  await attempt("ip", ["link", "del", layout.hostInterface]);
  if (existsSync(layout.netnsPath)) await attempt("ip", ["netns", "del", layout.netns]);
}
