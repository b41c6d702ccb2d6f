import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { UserError } from "../../services/lib/user-error.ts";
import { run } from "./run.ts";

/** A program that the built lab needs, and the Debian package that has it. */
interface Need {
  readonly file: string;
  readonly debianPackage: string;
}

export const needs: readonly Need[] = [
  { file: "/usr/bin/containerd", debianPackage: "containerd" },
  { file: "/usr/sbin/runc", debianPackage: "runc" },
  { file: "/usr/lib/cni/bridge", debianPackage: "containernetworking-plugins" },
  { file: "/usr/sbin/iptables", debianPackage: "iptables" },
  { file: "/usr/sbin/nft", debianPackage: "nftables" },
  { file: "/usr/sbin/conntrack", debianPackage: "conntrack" },
  { file: "/usr/bin/docker-registry", debianPackage: "docker-registry" },
  { file: "/usr/bin/tini", debianPackage: "tini" },
  { file: "/usr/sbin/ip", debianPackage: "iproute2" },
  { file: "/usr/sbin/haproxy", debianPackage: "haproxy" },
];

export function missingPackages(exists: (file: string) => boolean = existsSync): string[] {
  const missing = needs.filter(({ file }) => !exists(file) && !exists(file.replace("/usr/sbin/", "/usr/bin/")));
  return missing.map(({ debianPackage }) => debianPackage);
}

const POLICY = "/usr/sbin/policy-rc.d";

/** Keeps the packages' own services from starting: the lab starts its own, beside any that already run. */
async function withoutServices(install: () => Promise<void>): Promise<void> {
  const earlier = existsSync(POLICY) ? readFileSync(POLICY) : undefined;
  writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    await install();
  } finally {
    if (earlier) writeFileSync(POLICY, earlier, { mode: 0o755 });
    else rmSync(POLICY, { force: true });
  }
}

/** @throws UserError naming the packages when this process may not install them */
export async function installPackages(note: (text: string) => void): Promise<void> {
  const missing = missingPackages();
  if (missing.length === 0) return;
  if (!existsSync("/usr/bin/apt-get") || process.getuid?.() !== 0) {
    throw new UserError(
      "packages",
      `the built lab needs ${missing.join(", ")}: install them, or run this as root on Debian or Ubuntu`,
    );
  }
  note(`apt-get install ${missing.join(" ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await withoutServices(async () => {
    await run("apt-get", ["update", "-qq"], { env, timeoutMs: 300_000 });
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], { env, timeoutMs: 600_000 });
  });
}
