import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { FileBlob } from "../../images/oci/content.ts";
import type { Owner } from "../../images/oci/layer.ts";
import { snapshotOf, writeTreeLayer } from "../../images/oci/tree-layer.ts";
import { run } from "../cluster/run.ts";

const KEPT_MS = 30 * 24 * 3_600_000;

/** One layer: what it is made of, and how. */
export interface Recipe {
  readonly name: string;
  /** The layers below it, lowest first; its own has what it changes on them. */
  readonly onto: readonly Recipe[];
  /** Everything that its content depends on, beside the text of its builder. */
  readonly inputs: () => Promise<readonly string[]>;
  /** Changes the root filesystem in which the layers below are unpacked. */
  readonly build: (root: string) => Promise<void>;
  /** Files whose change makes other layers, by path. */
  readonly sources: readonly string[];
  readonly owners?: readonly (Owner & { readonly path: string })[];
}

/** Changes when anything changes that a layer is made of. */
export async function keyOf(recipe: Recipe): Promise<string> {
  const { name, onto, owners = [], sources } = recipe;
  const hash = createHash("sha256");
  hash.update(JSON.stringify([name, process.arch, onto.map((lower) => lower.name), owners, await recipe.inputs()]));
  for (const source of sources) hash.update(readFileSync(source)).update("\0");
  return hash.digest("hex").slice(0, 16);
}

/** Layers in a folder that outlives every lab, by the key of what they are made of. */
export class LayerCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** Whether nothing was ever built here. */
  get isEmpty(): boolean {
    return readdirSync(this.#folder).length === 0;
  }

  async find(recipe: Recipe): Promise<FileBlob | undefined> {
    const file = this.#tar(recipe, await keyOf(recipe));
    if (!existsSync(`${file}.json`) || !existsSync(file)) return undefined;
    return { ...(JSON.parse(readFileSync(`${file}.json`, "utf8")) as Omit<FileBlob, "file">), file };
  }

  /** Removes what builds that were interrupted left behind, and layers so old that Debian has mended them since. */
  sweep(nowMs: number = Date.now()): void {
    for (const name of readdirSync(this.#folder)) {
      const path = join(this.#folder, name);
      const isOld = nowMs - statSync(path).mtimeMs > KEPT_MS;
      if (name.startsWith(".") || isOld) rmSync(path, { recursive: true, force: true });
    }
  }

  /** Builds a layer on the layers below it, which the cache has to hold already. */
  async make(recipe: Recipe): Promise<FileBlob> {
    const file = this.#tar(recipe, await keyOf(recipe));
    const root = mkdtempSync(join(this.#folder, `.${recipe.name}-`));
    try {
      for (const lower of recipe.onto) await this.#unpack(lower, root);
      const since = await snapshotOf(root);
      await recipe.build(root);
      const owners = recipe.owners === undefined ? {} : { owners: recipe.owners };
      const { mediaType, digest, size } = await writeTreeLayer({ root, since, ...owners }, file);
      writeFileSync(`${file}.new`, JSON.stringify({ mediaType, digest, size }));
      renameSync(`${file}.new`, `${file}.json`);
      return { mediaType, digest, size, file };
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }

  async #unpack(lower: Recipe, root: string): Promise<void> {
    const found = await this.find(lower);
    if (!found) throw new Error(`layer ${lower.name} is wanted before it is built`);
    await run("tar", ["-x", "-p", "--keep-directory-symlink", "-f", found.file, "-C", root]);
  }

  #tar(recipe: Recipe, key: string): string {
    return join(this.#folder, `${recipe.name}-${key}.tar`);
  }
}
