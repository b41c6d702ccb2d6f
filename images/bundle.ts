import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build } from "esbuild";

/** A package that went into a bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string | undefined;
}

/** A service as one file. */
export interface Bundle {
  readonly code: Buffer;
  readonly packages: readonly BundledPackage[];
  /** Hash of every source that went in; the same sources give the same revision in any folder. */
  readonly revision: string;
}

function packageOf(input: string, root: string): BundledPackage | undefined {
  const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
  if (folder === undefined) return undefined;
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Record<
    "name" | "version" | "license",
    string | undefined
  >;
  return { name: name ?? folder, version: version ?? "", license };
}

/**
 * Bundles a service with everything it imports.
 * @param entry path of its main file below `root`
 */
export async function bundleService(entry: string, root: string): Promise<Bundle> {
  const result = await build({
    entryPoints: [relative(root, join(root, entry))],
    // Paths show up in the output, so they have to be relative to the project, wherever that is.
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    charset: "utf8",
    legalComments: "inline",
    metafile: true,
    write: false,
    outdir: dirname(entry),
    logLevel: "silent",
  });
  const inputs = Object.keys(result.metafile.inputs).sort();
  const packages = new Map(
    inputs.flatMap((input) => {
      const found = packageOf(input, root);
      return found ? [[`${found.name}@${found.version}`, found] as const] : [];
    }),
  );
  const hash = createHash("sha256");
  for (const input of inputs)
    hash
      .update(`${input}\0`)
      .update(readFileSync(join(root, input)))
      .update("\0");
  return {
    code: Buffer.from(result.outputFiles[0]?.contents ?? []),
    packages: [...packages.values()],
    revision: hash.digest("hex").slice(0, 40),
  };
}
