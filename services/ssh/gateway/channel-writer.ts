import type { Socket } from "node:net";
import type { ServerChannel } from "ssh2";

/** Fields of the library's channels in which it keeps what is left of a write. */
interface Remainder {
  _chunk?: unknown;
  _chunkcb?: unknown;
  _chunkErr?: unknown;
  _chunkcbErr?: unknown;
}

/**
 * Writes to a client one piece at a time, and not before its connection has room. The library resumes a write by the
 * remainder of the last one that had to wait, output before error output, and never forgets it; with one write under
 * way and the remainders cleared after each, it resumes the right one.
 */
export class ChannelWriter {
  readonly #channel: ServerChannel;
  readonly #socket: Socket;
  #last: Promise<void> = Promise.resolve();

  constructor(channel: ServerChannel, socket: Socket) {
    this.#channel = channel;
    this.#socket = socket;
  }

  /** Resolves when the client's connection took it, or ended. */
  write(bytes: Buffer | string, isError = false): Promise<void> {
    this.#last = this.#last.then(() => this.#write(bytes, isError)).then(() => this.#room());
    return this.#last;
  }

  /** Resolves after everything that was written so far. */
  written(): Promise<void> {
    return this.#last;
  }

  #write(bytes: Buffer | string, isError: boolean): Promise<void> {
    const channel = this.#channel;
    return new Promise((resolve) => {
      if (!channel.writable || this.#socket.destroyed) return resolve();
      const done = (): void => {
        channel.off("close", done);
        Object.assign<Remainder, Remainder>(channel as Remainder, {
          _chunk: undefined,
          _chunkcb: undefined,
          _chunkErr: undefined,
          _chunkcbErr: undefined,
        });
        resolve();
      };
      channel.once("close", done);
      (isError ? channel.stderr : channel).write(bytes, done);
    });
  }

  #room(): Promise<void> {
    const socket = this.#socket;
    if (!socket.writableNeedDrain || socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        socket.off("drain", done).off("close", done);
        resolve();
      };
      socket.once("drain", done).once("close", done);
    });
  }
}
