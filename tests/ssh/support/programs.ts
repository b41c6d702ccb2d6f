import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../../lab/cluster/run.ts";
import { cacheRoot } from "../../../lab/endpoints.ts";

const INSTALL_MS = 600_000;
const standIns = join(import.meta.dirname, "..", "..", "..", "lab", "stand-ins");

/** Programs that stand in the cache, in the versions of the lab's images. */
export interface HubPrograms {
  readonly python: string;
  /** Arguments of Node that run the hub's proxy. */
  readonly proxy: readonly string[];
}

/** Makes a folder of the cache once; half of it is never taken for the whole. */
async function once(name: string, key: string, make: (folder: string) => Promise<void>): Promise<string> {
  const root = join(cacheRoot(), "tests");
  const folder = join(root, `${name}-${createHash("sha256").update(key).digest("hex").slice(0, 16)}`);
  if (existsSync(join(folder, "complete"))) return folder;
  mkdirSync(root, { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  await make(folder);
  mkdirSync(join(folder, "complete"));
  return folder;
}

/** JupyterHub, JupyterLab and what they need, as the notebook's stand-in has them. */
async function pythonPrograms(): Promise<string> {
  const locked = readFileSync(join(standIns, "requirements-notebook.txt"), "utf8");
  const pins = locked.split("\n").flatMap((line) => /^([\w.-]+==[\w.]+)/.exec(line)?.[1] ?? []);
  const version = await run("python3", ["--version"]);
  return once("jupyterhub", `${version}${pins.join(" ")}`, async (folder) => {
    await run("python3", ["-m", "venv", folder], { timeoutMs: INSTALL_MS });
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...pins];
    await run(join(folder, "bin/python"), pip, { timeoutMs: INSTALL_MS });
  });
}

function proxyProgram(): Promise<string> {
  const lock = readFileSync(join(standIns, "proxy/package-lock.json"), "utf8");
  return once("configurable-http-proxy", lock, async (folder) => {
    const fresh = mkdtempSync(`${folder}-`);
    for (const name of ["package.json", "package-lock.json"]) cpSync(join(standIns, "proxy", name), join(fresh, name));
    const args = ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", fresh];
    await run("npm", args, { cwd: fresh, timeoutMs: INSTALL_MS });
    renameSync(fresh, folder);
  });
}

export async function hubPrograms(): Promise<HubPrograms> {
  const python = await pythonPrograms();
  const proxy = await proxyProgram();
  return {
    python: join(python, "bin/python"),
    proxy: [process.execPath, join(proxy, "node_modules/.bin/configurable-http-proxy")],
  };
}

/** OpenSSH's clients, from Debian where they are missing. */
export async function ensureOpenSsh(): Promise<void> {
  if (existsSync("/usr/bin/ssh")) return;
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update", "-qq"], { env, timeoutMs: INSTALL_MS });
  await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "openssh-client"], {
    env,
    timeoutMs: INSTALL_MS,
  });
}
