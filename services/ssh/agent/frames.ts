import { crc32 } from "node:zlib";

/**
 * Frames between gateway and agent; agent.py has the other end. To the agent: N new stream, D data, F end of data,
 * W window, C close, S signal, Z size. From it: H hello, O opened, R refused, D data, E standard error, F end of data,
 * W window, X exit.
 */
export interface Frame {
  readonly kind: string;
  readonly stream: number;
  readonly payload: Buffer;
}

/** What came is no frame: something else wrote to the terminal. */
export class DamagedFrame extends Error {}

const [HEAD, CHECK] = [5, 4];
/** The agent's longest frame is far below it. */
const LONGEST_LINE = 1 << 16;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** A frame as one line of text, which every terminal lets pass. */
export function encodeFrame(kind: string, stream: number, payload: Buffer = Buffer.alloc(0)): string {
  const bytes = Buffer.alloc(HEAD + payload.length + CHECK);
  bytes.writeUInt8(kind.charCodeAt(0), 0);
  bytes.writeUInt32BE(stream, 1);
  payload.copy(bytes, HEAD);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, -CHECK)), bytes.length - CHECK);
  return `${bytes.toString("base64")}\n`;
}

export const encodeJson = (kind: string, stream: number, value: object): string =>
  encodeFrame(kind, stream, Buffer.from(JSON.stringify(value)));

/** @throws DamagedFrame */
export function decodeLine(line: string): Frame {
  const bytes = Buffer.from(line, "base64");
  const end = bytes.length - CHECK;
  if (!BASE64.test(line) || end < HEAD || crc32(bytes.subarray(0, end)) !== bytes.readUInt32BE(end)) {
    throw new DamagedFrame(`something in the notebook server wrote "${line.slice(0, 40)}" between the frames`);
  }
  return {
    kind: String.fromCharCode(bytes[0] ?? 0),
    stream: bytes.readUInt32BE(1),
    payload: bytes.subarray(HEAD, end),
  };
}

/** Cuts what a terminal prints into frames. */
export class FrameReader {
  #rest = "";

  /** @throws DamagedFrame */
  push(text: string): Frame[] {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > LONGEST_LINE) throw new DamagedFrame(`a line beyond ${LONGEST_LINE} characters`);
    return lines.map(decodeLine);
  }
}
