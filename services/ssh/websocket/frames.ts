import { randomBytes } from "node:crypto";

/** RFC 6455, section 5.2. */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A frame that arrived; a message may come in several. */
interface Frame {
  readonly isFinal: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
}

/** A whole message, or a control frame. */
export interface Message {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Why a peer cannot be read any further. */
export class WebSocketProtocolError extends Error {}

const [SHORT, MEDIUM, LONG] = [125, 126, 127];

function head(opcode: number, length: number): Buffer {
  const first = 0x80 | opcode;
  if (length <= SHORT) return Buffer.from([first, 0x80 | length]);
  if (length < 0x1_0000) return Buffer.from([first, 0x80 | MEDIUM, length >> 8, length & 0xff]);
  const long = Buffer.alloc(10);
  long.set([first, 0x80 | LONG]);
  long.writeBigUInt64BE(BigInt(length), 2);
  return long;
}

/** A client's frame with a whole message; clients mask what they send. */
export function encodeFrame(opcode: number, payload: Buffer, mask: Buffer = randomBytes(4)): Buffer {
  const masked = Buffer.from(payload);
  for (let i = 0; i < masked.length; i++) masked[i] = (masked[i] ?? 0) ^ (mask[i & 3] ?? 0);
  return Buffer.concat([head(opcode, payload.length), mask, masked]);
}

/** Where the payload of a frame begins and how long it is, once its head is there. */
function extent(bytes: Buffer): { readonly start: number; readonly length: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = (bytes[1] ?? 0) & 0x7f;
  if (short <= SHORT) return { start: 2, length: short };
  if (short === MEDIUM) return bytes.length < 4 ? undefined : { start: 4, length: bytes.readUInt16BE(2) };
  return bytes.length < 10 ? undefined : { start: 10, length: Number(bytes.readBigUInt64BE(2)) };
}

/** Puts a server's bytes together to messages, none longer than a bound. */
export class MessageReader {
  readonly #maxBytes: number;
  #rest: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #opcode: number | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @throws WebSocketProtocolError when the peer breaks the protocol or the bound */
  push(bytes: Buffer): Message[] {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const messages: Message[] = [];
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) {
      const message = this.#join(frame);
      if (message) messages.push(message);
    }
    return messages;
  }

  #next(): Frame | undefined {
    const bytes = this.#rest;
    const found = extent(bytes);
    if (found === undefined) return undefined;
    const [first = 0, second = 0] = bytes;
    if ((first & 0x70) !== 0) throw new WebSocketProtocolError("an extension that was not agreed on");
    if ((second & 0x80) !== 0) throw new WebSocketProtocolError("a masked frame from a server");
    const { start, length } = found;
    const before = this.#parts.reduce((sum, part) => sum + part.length, 0);
    if (before + length > this.#maxBytes) throw new WebSocketProtocolError(`a message beyond ${this.#maxBytes} bytes`);
    if (bytes.length < start + length) return undefined;
    this.#rest = bytes.subarray(start + length);
    const payload = bytes.subarray(start, start + length);
    return { isFinal: (first & 0x80) !== 0, opcode: first & 0x0f, payload };
  }

  #join({ isFinal, opcode, payload }: Frame): Message | undefined {
    if (opcode >= opcodes.close) {
      if (!isFinal || payload.length > SHORT) throw new WebSocketProtocolError("a control frame in parts");
      return { opcode, payload };
    }
    if ((opcode === opcodes.continuation) === (this.#opcode === undefined)) {
      throw new WebSocketProtocolError("parts of messages out of order");
    }
    const kind = this.#opcode ?? opcode;
    this.#parts.push(payload);
    this.#opcode = isFinal ? undefined : kind;
    if (!isFinal) return undefined;
    const parts = this.#parts;
    this.#parts = [];
    return { opcode: kind, payload: parts.length === 1 ? payload : Buffer.concat(parts) };
  }
}
