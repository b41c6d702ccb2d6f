import { encodeFrame, encodeJson, type Frame } from "./frames.ts";

/** Size of a terminal in characters. */
export interface TerminalSize {
  readonly rows: number;
  readonly cols: number;
}

/** What the agent is asked to open. */
export type StreamSpec =
  | {
      readonly kind: "exec";
      /** For the user's shell; null is a login shell. */
      readonly command: string | null;
      readonly pty?: TerminalSize & { readonly term: string };
      readonly env?: Readonly<Record<string, string>>;
    }
  | { readonly kind: "sftp" }
  /** A port of the pod's loopback. */
  | { readonly kind: "tcp"; readonly port: number };

/** How a program ended; `signal` is without "SIG". */
export type Exit = { readonly code: number } | { readonly signal: string };

/** Told once each, but for data. */
export interface StreamEvents {
  readonly onData: (bytes: Buffer, isError: boolean) => void;
  readonly onEnd: () => void;
  readonly onExit: (exit: Exit) => void;
  /** The agent went away. */
  readonly onLost: (reason: string) => void;
}

/** As agent.py has it: bytes under way in one direction. */
export const WINDOW = 262_144;
const CHUNK = 24_576;

function exitOf(payload: Buffer): Exit {
  const value = JSON.parse(payload.toString("utf8")) as { code?: unknown; signal?: unknown };
  return typeof value.signal === "string" ? { signal: value.signal } : { code: Number(value.code ?? 255) };
}

/** One program or connection in the notebook server. Nobody is sent more than it has room for, in either direction. */
export class AgentStream {
  readonly #number: number;
  readonly #send: (line: string) => void;
  readonly #onClosed: () => void;
  #events: StreamEvents | undefined;
  /** What came before somebody listened; the window bounds it. */
  #early: ((events: StreamEvents) => void)[] = [];
  #credit = WINDOW;
  /** What the agent may still send; it may go below 0 by what a program prints last. */
  #granted = WINDOW;
  #waiting: { readonly bytes: Buffer; readonly done: () => void }[] = [];
  #hasEnded = false;
  #isClosed = false;

  constructor(number: number, send: (line: string) => void, onClosed: () => void) {
    this.#number = number;
    this.#send = send;
    this.#onClosed = onClosed;
  }

  listen(events: StreamEvents): void {
    this.#events = events;
    for (const tell of this.#early.splice(0)) tell(events);
  }

  /** Resolves when more may be written; what is written to a stream that closed is dropped. */
  write(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isClosed || this.#hasEnded) return resolve();
      this.#waiting.push({ bytes, done: resolve });
      return this.#flush();
    });
  }

  /** No more is written. */
  end(): void {
    if (this.#isClosed || this.#hasEnded) return;
    this.#hasEnded = true;
    this.#flush();
  }

  /** So many bytes were passed on, and the agent may send as many more. */
  grant(bytes: number): void {
    if (this.#isClosed || bytes === 0) return;
    this.#granted += bytes;
    const amount = Buffer.alloc(4);
    amount.writeUInt32BE(bytes);
    this.#send(encodeFrame("W", this.#number, amount));
  }

  resize(size: TerminalSize): void {
    if (!this.#isClosed) this.#send(encodeJson("Z", this.#number, size));
  }

  /** @param name without "SIG" */
  signal(name: string): void {
    if (!this.#isClosed) this.#send(encodeFrame("S", this.#number, Buffer.from(name)));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#send(encodeFrame("C", this.#number));
    this.#drop();
  }

  /** @internal */
  lost(reason: string): void {
    if (this.#isClosed) return;
    this.#drop();
    this.#tell(({ onLost }) => onLost(reason));
  }

  /** @internal @throws Error when the agent breaks the rules */
  receive({ kind, payload }: Frame): void {
    if (this.#isClosed) return;
    if (kind === "D" || kind === "E") {
      this.#granted -= payload.length;
      if (this.#granted < -2 * WINDOW) throw new Error("the notebook server sent more than it may");
      this.#tell(({ onData }) => onData(payload, kind === "E"));
    } else if (kind === "W") {
      this.#credit += payload.readUInt32BE(0);
      this.#flush();
    } else if (kind === "F") {
      this.#tell(({ onEnd }) => onEnd());
    } else if (kind === "X") {
      const exit = exitOf(payload);
      this.#drop();
      this.#tell(({ onExit }) => onExit(exit));
    }
  }

  #tell(what: (events: StreamEvents) => void): void {
    if (this.#events) what(this.#events);
    else this.#early.push(what);
  }

  #drop(): void {
    this.#isClosed = true;
    for (const { done } of this.#waiting.splice(0)) done();
    this.#onClosed();
  }

  #flush(): void {
    for (let [first] = this.#waiting; first !== undefined && this.#credit > 0; [first] = this.#waiting) {
      const part = first.bytes.subarray(0, Math.min(CHUNK, this.#credit));
      this.#credit -= part.length;
      if (part.length > 0) this.#send(encodeFrame("D", this.#number, part));
      const bytes = first.bytes.subarray(part.length);
      if (bytes.length > 0) this.#waiting[0] = { ...first, bytes };
      else this.#waiting.shift()?.done();
    }
    if (this.#hasEnded && this.#waiting.length === 0) this.#send(encodeFrame("F", this.#number));
  }
}
