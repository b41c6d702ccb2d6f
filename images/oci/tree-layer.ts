import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, type Stats } from "node:fs";
import { lstat, readdir, readlink, rename } from "node:fs/promises";
import { join } from "node:path/posix";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Pack, pack } from "tar-stream";
import { type FileBlob, mediaTypes } from "./content.ts";
import type { Owner } from "./layer.ts";

/** What a folder held at one time, by path. */
export type Snapshot = ReadonlyMap<string, string>;

export interface Tree {
  /** Folder on disk that is `/` in the image. */
  readonly root: string;
  /** What lower layers hold: only what is new or changed since goes into this one. Removals are not recorded. */
  readonly since?: Snapshot;
  /** The owner of everything at and below a path; the first that fits counts. All else belongs to 0. */
  readonly owners?: readonly (Owner & { readonly path: string })[];
}

type Header = Parameters<Pack["entry"]>[0];

interface Found {
  readonly path: string;
  readonly stats: Stats;
}

const HARDLINKS_FROM = 2;

async function* walk(root: string, path = "/"): AsyncIterable<Found> {
  for (const name of await readdir(join(root, path))) {
    const inner = join(path, name);
    const stats = await lstat(join(root, inner));
    yield { path: inner, stats };
    if (stats.isDirectory()) yield* walk(root, inner);
  }
}

/** A folder counts as changed by its mode alone: its time changes with what is in it. */
function fingerprint(stats: Stats): string {
  return stats.isDirectory() ? `d${stats.mode}` : `${stats.ino}:${stats.size}:${stats.mode}:${stats.ctimeMs}`;
}

export async function snapshotOf(root: string): Promise<Snapshot> {
  const snapshot = new Map<string, string>();
  for await (const { path, stats } of walk(root)) snapshot.set(path, fingerprint(stats));
  return snapshot;
}

async function changesIn({ root, since }: Tree): Promise<Found[]> {
  const found: Found[] = [];
  for await (const each of walk(root)) {
    if (since?.get(each.path) !== fingerprint(each.stats)) found.push(each);
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

const isBelow = (path: string, folder: string): boolean => `${path}/`.startsWith(`${folder}/`);

/** Nothing of an image runs as another user than its own, so that no file keeps the bits that would change it. */
const modeOf = (stats: Stats): number => stats.mode & (stats.isDirectory() ? 0o1777 : 0o777);

/** The header of an entry; a second name of one file is a link to its first. */
async function headerOf(tree: Tree, { path, stats }: Found, first: Map<number, string>): Promise<Header | undefined> {
  const { uid, gid } = tree.owners?.find((owner) => isBelow(path, owner.path)) ?? { uid: 0, gid: 0 };
  const same = { uid, gid, uname: "", gname: "", mtime: new Date(0) };
  const header = { ...same, mode: modeOf(stats), size: 0 };
  const name = path.slice(1);
  if (stats.isDirectory()) return { ...header, name: `${name}/`, type: "directory" };
  if (stats.isSymbolicLink()) {
    return { ...header, name, mode: 0o777, type: "symlink", linkname: await readlink(join(tree.root, path)) };
  }
  // Devices, sockets and pipes belong to a running system.
  if (!stats.isFile()) return undefined;
  const linkname = first.get(stats.ino);
  if (linkname !== undefined) return { ...header, name, type: "link", linkname };
  if (stats.nlink >= HARDLINKS_FROM) first.set(stats.ino, name);
  return { ...header, name, type: "file", size: stats.size };
}

async function add(tar: Pack, header: Header, file: string): Promise<void> {
  if (header.type === "file" && (header.size ?? 0) > 0) {
    // First of the two: it throws when the layer cannot be written any more, and nobody would close the file.
    const entry = tar.entry(header);
    return pipeline(createReadStream(file), entry);
  }
  await new Promise<void>((resolve, reject) => {
    tar.entry(header, "", (error) => (error ? reject(error) : resolve()));
  });
}

/**
 * Writes a folder as a tar layer to a file, never holding more than a part of it. Its bytes depend on names, modes and content alone:
 * paths are sorted, times are 0 and owners are those that are given.
 */
export async function writeTreeLayer(tree: Tree, file: string): Promise<FileBlob> {
  const tar = pack();
  const hash = createHash("sha256");
  let size = 0;
  const written = pipeline(
    tar,
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        size += chunk.length;
        done(null, chunk);
      },
    }),
    createWriteStream(`${file}.new`),
  );
  const first = new Map<number, string>();
  const packed = async (): Promise<void> => {
    for (const found of await changesIn(tree)) {
      const header = await headerOf(tree, found, first);
      if (header) await add(tar, header, join(tree.root, found.path));
    }
    tar.finalize();
  };
  const stop = (cause: Error): never => {
    tar.destroy(cause);
    throw cause;
  };
  // Both have to have ended, whoever failed, before the caller removes what they read and write.
  const results = await Promise.allSettled([written, packed().catch(stop)]);
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
  // Renamed when whole, so that an interrupted layer is never taken for a finished one.
  await rename(`${file}.new`, file);
  return { mediaType: mediaTypes.layer, digest: `sha256:${hash.digest("hex")}`, size, file };
}
