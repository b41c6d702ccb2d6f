import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { run } from "../cluster/run.ts";

/** The release whose packages the images are made of; requirements-*.txt are resolved for its Python. */
export const DEBIAN_RELEASE = "bookworm";

const LISTS = "/var/lib/apt/lists";
const DOWNLOAD_MS = 600_000;

/** Only maintainer scripts need these, and no maintainer script is run. */
const forInstallersOnly = new Set([
  ...["adduser", "debconf", "dpkg", "init-system-helpers", "java-common", "ucf", "usrmerge"],
  ...["libfile-find-rule-perl", "libnumber-compare-perl", "libperl5.36", "libtext-glob-perl", "perl", "perl-base"],
  ...["perl-modules-5.36", "util-linux", "util-linux-extra"],
]);

/** `name=version`, sorted, of what `apt-get --simulate install` would install. */
export function installedBy(simulation: string): string[] {
  const found = [...simulation.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+) /gm)];
  return found
    .flatMap(([, name = "", version = ""]) => (forInstallersOnly.has(name) ? [] : [`${name}=${version}`]))
    .sort();
}

/** Changes when APT's view of the archive changes. */
function archiveState(): string {
  const lists = existsSync(LISTS)
    ? readdirSync(LISTS).filter((name) => /_(Packages|InRelease|Release)/.test(name))
    : [];
  return lists
    .sort()
    .map((name) => `${name}:${statSync(join(LISTS, name)).size}:${statSync(join(LISTS, name)).mtimeMs}`)
    .join("\n");
}

const asked = new Map<string, Promise<readonly string[]>>();

/** The packages' names, with all that they depend on, as `name=version`; APT is asked once for each state of its lists. */
export function resolvePackages(names: readonly string[], cache: string): Promise<readonly string[]> {
  const hash = createHash("sha256").update(JSON.stringify([names, archiveState(), [...forInstallersOnly]]));
  const key = hash.digest("hex").slice(0, 16);
  const answer = asked.get(key) ?? resolveOnce(names, cache, join(cache, "apt", `${key}.json`));
  asked.set(key, answer);
  return answer;
}

async function resolveOnce(names: readonly string[], cache: string, file: string): Promise<readonly string[]> {
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as string[];
  // An empty status makes APT resolve for a machine that has nothing.
  const options = ["Dir::State::status=/dev/null", "APT::Install-Recommends=false", "Debug::NoLocking=1"];
  const args = ["--simulate", ...options.flatMap((option) => ["-o", option]), "install", ...names];
  const packages = installedBy(await run("apt-get", args));
  mkdirSync(join(cache, "apt"), { recursive: true });
  writeFileSync(file, JSON.stringify(packages));
  return packages;
}

/** Reads the archive's lists anew, as packages that they name may be gone from it. */
export async function updateArchive(): Promise<void> {
  await run("apt-get", ["update", "-qq"], { env: { DEBIAN_FRONTEND: "noninteractive" }, timeoutMs: DOWNLOAD_MS });
}

// Manuals and translations are for people at a terminal; licences stay.
const unpack = `
for deb in "$1"/*.deb; do
  dpkg-deb --fsys-tarfile "$deb" | tar -x -p --keep-directory-symlink -C "$2"
done
cd "$2"/usr/share
rm -rf man info lintian locale bug
if [ -d doc ]; then find doc ! -type d ! -name copyright -delete; fi
`;

const merged = ["bin", "lib", "lib64", "sbin"];

/** Unpacks packages without running anything of theirs. */
export async function unpackPackages(packages: readonly string[], root: string): Promise<void> {
  const folder = mkdtempSync(`${root}-debs-`);
  try {
    for (const name of merged) mkdirSync(join(root, "usr", name), { recursive: true });
    const links = merged.filter((name) => !existsSync(join(root, name)));
    for (const name of links) await run("ln", ["-s", `usr/${name}`, join(root, name)]);
    const args = ["-o", "APT::Sandbox::User=root", "-qq", "download", ...packages];
    await run("apt-get", args, { cwd: folder, timeoutMs: DOWNLOAD_MS });
    await run("bash", ["-euo", "pipefail", "-c", unpack, "unpack", folder, root], { timeoutMs: DOWNLOAD_MS });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// What the programs expect of a system that runs; all of it goes with the namespace.
const enter =
  'for each in proc dev; do mkdir -p "$0/$each"; mount --rbind "/$each" "$0/$each"; done; exec chroot "$0" "$@"';

/** Runs a program of a root filesystem inside it. */
export async function runInside(
  root: string,
  command: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const asRoot = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const args = [...asRoot, "--mount", "--propagation", "private", "sh", "-euc", enter, root, ...command];
  const path = "/usr/local/bin:/usr/bin:/bin:/usr/sbin";
  return run("unshare", args, { env: { PATH: path, HOME: "/tmp", LANG: "C.UTF-8", ...env }, timeoutMs: DOWNLOAD_MS });
}
