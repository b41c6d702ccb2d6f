import { once } from "node:events";
import { dirname } from "node:path/posix";
import { pack } from "tar-stream";
import { type Blob, blobOf, mediaTypes } from "./content.ts";

export interface LayerFile {
  /** Absolute path in the image. */
  readonly path: string;
  readonly content: Buffer | string;
  /** @default 0o644 */
  readonly mode?: number;
}

export interface LayerLink {
  readonly path: string;
  readonly target: string;
}

/** Numeric, as names differ between images. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface LayerFolder {
  readonly path: string;
  readonly mode: number;
  /** @default 0 and 0 */
  readonly owner?: Owner;
}

export interface LayerContent {
  readonly files: readonly LayerFile[];
  readonly links?: readonly LayerLink[];
  /** Folders that need another mode than 0755; all parents are made anyway. */
  readonly folders?: readonly LayerFolder[];
}

interface Entry {
  readonly name: string;
  readonly type: "file" | "directory" | "symlink";
  readonly mode: number;
  readonly linkname?: string;
  readonly owner?: Owner;
  readonly content: Buffer;
}

const none = Buffer.alloc(0);
const root: Owner = { uid: 0, gid: 0 };

function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let folder = dirname(path); folder !== "/" && folder !== "."; folder = dirname(folder)) parents.push(folder);
  return parents;
}

function entriesOf({ files, links = [], folders = [] }: LayerContent): Entry[] {
  const entries = new Map<string, Entry>();
  const paths = [...files, ...links, ...folders].map(({ path }) => path);
  for (const path of paths.flatMap(parentsOf)) {
    entries.set(path, { name: `${path.slice(1)}/`, type: "directory", mode: 0o755, content: none });
  }
  for (const { path, mode, owner } of folders) {
    const owned = owner === undefined ? {} : { owner };
    entries.set(path, { name: `${path.slice(1)}/`, type: "directory", mode, ...owned, content: none });
  }
  for (const { path, content, mode = 0o644 } of files) {
    entries.set(path, { name: path.slice(1), type: "file", mode, content: Buffer.from(content) });
  }
  for (const { path, target } of links) {
    entries.set(path, { name: path.slice(1), type: "symlink", mode: 0o777, linkname: target, content: none });
  }
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
}

/**
 * One tar layer whose bytes depend on its content alone: sorted paths, owner 0 where none is given, time 0.
 * It is not compressed: deflate's output differs between builds of zlib and between processors, which would give one source several digests.
 */
export async function buildLayer(content: LayerContent): Promise<Blob> {
  const tar = pack();
  const chunks: Buffer[] = [];
  tar.on("data", (chunk: unknown) => chunks.push(chunk as Buffer));
  for (const { content: bytes, owner = root, ...header } of entriesOf(content)) {
    tar.entry({ ...header, ...owner, size: bytes.length, uname: "", gname: "", mtime: new Date(0) }, bytes);
  }
  const end = once(tar, "end");
  tar.finalize();
  await end;
  return blobOf(mediaTypes.layer, Buffer.concat(chunks));
}
