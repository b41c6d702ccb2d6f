import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../cluster/run.ts";
import { forImage } from "./program-layers.ts";

interface Report {
  readonly install: readonly {
    readonly metadata: { readonly name: string; readonly version: string };
    readonly download_info: { readonly archive_info: { readonly hashes: Readonly<Record<string, string>> } };
  }[];
}

const names = ["hub", "notebook", "postgres"];
const RESOLVE_MS = 300_000;

/** What pip would install for one processor, as `name==version`, each with the hash of its wheel. */
async function resolve(requirements: string, arch: string): Promise<ReadonlyMap<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), "carrel-pin-"));
  try {
    const report = join(folder, "report.json");
    const dry = ["--dry-run", "--ignore-installed", "--target", folder, "--report", report, "--quiet"];
    await run("python3", ["-m", "pip", "install", ...dry, ...forImage(arch), "-r", requirements], {
      timeoutMs: RESOLVE_MS,
    });
    const { install } = JSON.parse(readFileSync(report, "utf8")) as Report;
    return new Map(
      install.map(({ metadata, download_info }) => [
        `${metadata.name.toLowerCase().replace(/[._]+/g, "-")}==${metadata.version}`,
        download_info.archive_info.hashes["sha256"] ?? "",
      ]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The lines of a locked requirements file: every package in one version, with the hashes of its wheels for all processors. */
export function lockLines(resolutions: readonly ReadonlyMap<string, string>[]): string[] {
  const pins = [...new Set(resolutions.flatMap((each) => [...each.keys()]))].sort();
  return pins.map((pin) => {
    const hashes = [...new Set(resolutions.flatMap((each) => each.get(pin) ?? []))].sort();
    return [pin, ...hashes.map((hash) => `--hash=sha256:${hash}`)].join(" \\\n    ");
  });
}

if (import.meta.main) {
  for (const name of names) {
    const requirements = join(import.meta.dirname, `requirements-${name}.in`);
    const lines = lockLines([await resolve(requirements, "x64"), await resolve(requirements, "arm64")]);
    writeFileSync(requirements.replace(/\.in$/, ".txt"), `${lines.join("\n")}\n`);
    process.stdout.write(`requirements-${name}.txt: ${lines.length} packages\n`);
  }
}
