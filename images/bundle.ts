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

interface PackageFile {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly licenses?: readonly { readonly type: string }[];
}

/** A service as one file. */
export interface Bundle {
  readonly code: Buffer;
  readonly packages: readonly BundledPackage[];
  /** Hash of every source that went in; the same sources give the same revision in any folder. */
  readonly revision: string;
}

/** Addons of packages that do without them: built or not on this machine, the bundle is the same, and has none. */
const NATIVE = ["cpu-features", "*.node"];

/** What CommonJS finds in its scope and a module does not. */
const COMMONJS_SCOPE = `import { createRequire as __createRequire } from "node:module";
const require = __createRequire(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;
`;

function packageOf(input: string, root: string): BundledPackage | undefined {
  const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
  if (folder === undefined) return undefined;
  const { name, version, license, licenses } = JSON.parse(
    readFileSync(join(root, folder, "package.json"), "utf8"),
  ) as PackageFile;
  // Of old packages it is a list to choose from.
  const listed = licenses?.map(({ type }) => type).join(" OR ");
  return { name: name ?? folder, version: version ?? "", license: license ?? listed };
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
    external: NATIVE,
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
  const scope = packages.size === 0 ? "" : COMMONJS_SCOPE;
  const hash = createHash("sha256");
  for (const input of inputs)
    hash
      .update(`${input}\0`)
      .update(readFileSync(join(root, input)))
      .update("\0");
  return {
    code: Buffer.concat([Buffer.from(scope), result.outputFiles[0]?.contents ?? Buffer.alloc(0)]),
    packages: [...packages.values()],
    revision: hash.digest("hex").slice(0, 40),
  };
}
