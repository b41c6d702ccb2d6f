import { join } from "node:path";
import { run } from "../../../lab/cluster/run.ts";
import { isOnPath } from "../../../lab/platform/engine-choice.ts";
import { StepError } from "../../../lab/progress.ts";

const INSTALL_MS = 600_000;

/** Debian's browser, and the tool that tells it whom to trust. */
const packages = { chromium: "chromium", certutil: "libnss3-tools" } as const;
type Program = keyof typeof packages;

const find = (program: Program): string | undefined =>
  (process.env["PATH"] ?? "").split(":").find((folder) => folder !== "" && isOnPath(program, folder));

async function install(missing: readonly Program[]): Promise<void> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const names = missing.map((program) => packages[program]);
  try {
    await run("apt-get", ["update", "-qq"], { env, timeoutMs: INSTALL_MS });
    const args = ["install", "-y", "-qq", "--no-install-recommends", ...names];
    await run("apt-get", args, { env, timeoutMs: INSTALL_MS });
  } catch (cause) {
    throw new StepError(`the browser tests need ${missing.join(" and ")}, which could not be installed`, {
      cause,
      remedy: `install them, on Debian as root: apt-get install ${names.join(" ")}`,
    });
  }
}

/**
 * The path of Chromium; with it comes certutil. From Debian where they are missing.
 * @throws StepError when they cannot be installed
 */
export async function ensureChromium(): Promise<string> {
  const missing = (Object.keys(packages) as Program[]).filter((program) => find(program) === undefined);
  if (missing.length > 0) await install(missing);
  const folder = find("chromium");
  if (folder === undefined) {
    throw new StepError("chromium is installed, but not on PATH", { remedy: "add its folder to PATH" });
  }
  return join(folder, "chromium");
}
