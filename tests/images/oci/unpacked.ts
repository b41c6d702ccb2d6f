import { extract } from "tar-stream";

export interface UnpackedEntry {
  readonly name: string;
  readonly type: string;
  readonly mode: number;
  readonly link: string | undefined;
  readonly content: string;
  readonly owner: readonly [uid: number, gid: number, user: string, group: string];
  readonly time: number;
}

/** The entries of a tar archive, in their order. */
export async function unpacked(tar: Buffer): Promise<UnpackedEntry[]> {
  const entries: UnpackedEntry[] = [];
  const reader = extract();
  reader.end(tar);
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const { name, type, mode, linkname, uid, gid, uname, gname, mtime } = entry.header;
    entries.push({
      ...{ name, type: type ?? "", mode: mode ?? 0, link: linkname ?? undefined, time: mtime?.getTime() ?? -1 },
      content: Buffer.concat(chunks).toString("utf8"),
      owner: [uid ?? -1, gid ?? -1, uname ?? "", gname ?? ""],
    });
  }
  return entries;
}
