import { randomBytes } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import { reasonOf } from "../../lib/log.ts";
import type { Terminal } from "../jupyter/terminal.ts";
import { agentProgram, bootstrapLine, bootstrapState } from "./bootstrap.ts";
import { encodeJson, type Frame, FrameReader } from "./frames.ts";
import { AgentStream, type StreamSpec } from "./stream.ts";

export interface LinkOptions {
  readonly clock: Clock;
  /** The agent ends itself after so long without anything to do; 0 is never. */
  readonly idleSeconds: number;
  /** For the shell to begin, and then for the agent. @default 20 s */
  readonly startMs?: number;
}

export type Opened =
  | { readonly ok: true; readonly stream: AgentStream }
  | { readonly ok: false; readonly reason: string };

/** The image of the notebook server cannot run the agent. */
export class NoAgent extends Error {}

const START_MS = 20_000;
/** Terminals take their input in small pieces anyway. */
const PIECE = 16_384;
/** A shell that prints more than this before its first prompt is none that we can talk to. */
const LONGEST_GREETING = 1 << 20;

/** The agent in a terminal of a notebook server: opens programs and connections there. */
export class AgentLink {
  /** Replaced by who uses it; called once. */
  onLost: (reason: string) => void = () => {};
  readonly #terminal: Terminal;
  readonly #reader = new FrameReader();
  readonly #streams = new Map<number, AgentStream>();
  readonly #opening = new Map<number, (refusal: string | undefined) => void>();
  #last = 0;
  #isLost = false;

  private constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /**
   * Puts the agent in the place of the terminal's shell.
   * @throws NoAgent when the image has no Python or the shell cannot be talked to, Error when the terminal was lost
   */
  static async start(terminal: Terminal, { clock, idleSeconds, startMs = START_MS }: LinkOptions): Promise<AgentLink> {
    const stop = new AbortController();
    try {
      const limit = clock.sleep(startMs, stop.signal).then(() => {
        if (!stop.signal.aborted) throw new NoAgent("its shell does not take commands");
      });
      const rest = await Promise.race([prepare(terminal, agentProgram(idleSeconds)), limit]);
      const link = new AgentLink(terminal);
      await Promise.race([link.#greeting(rest ?? ""), limit]);
      return link;
    } catch (error) {
      terminal.close();
      throw error;
    } finally {
      stop.abort();
    }
  }

  /** Opens a stream; a connection is open when the other end has taken it. */
  async open(spec: StreamSpec): Promise<Opened> {
    if (this.#isLost) return { ok: false, reason: "the notebook server went away" };
    const number = ++this.#last;
    const send = (line: string): void => this.#terminal.write(line);
    const stream = new AgentStream(number, send, () => this.#streams.delete(number));
    this.#streams.set(number, stream);
    const refusal = await new Promise<string | undefined>((resolve) => {
      this.#opening.set(number, resolve);
      this.#terminal.write(encodeJson("N", number, spec));
    });
    return refusal === undefined ? { ok: true, stream } : { ok: false, reason: refusal };
  }

  /** Ends the agent; programs without a terminal of their own live on, as under any SSH server. */
  close(): void {
    this.#isLost = true;
    this.#terminal.close();
  }

  #greeting(rest: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const hello = ({ kind }: Frame): void => {
        if (kind === "H") resolve();
      };
      const read = (text: string): void => {
        try {
          for (const frame of this.#reader.push(text)) frame.stream === 0 ? hello(frame) : this.#receive(frame);
        } catch (error) {
          reject(error);
          this.#lose(reasonOf(error));
        }
      };
      this.#terminal.onOutput = read;
      this.#terminal.onClose = (reason = "the notebook server ended the terminal") => {
        reject(new Error(reason));
        this.#lose(reason);
      };
      read(rest);
    });
  }

  #receive(frame: Frame): void {
    const { kind, stream: number, payload } = frame;
    const stream = this.#streams.get(number);
    if (kind === "O" || kind === "R") {
      const answer = this.#opening.get(number);
      this.#opening.delete(number);
      if (kind === "R") this.#streams.delete(number);
      answer?.(kind === "R" ? refusalOf(payload) : undefined);
    } else {
      stream?.receive(frame);
    }
  }

  #lose(reason: string): void {
    if (this.#isLost) return;
    this.close();
    for (const answer of this.#opening.values()) answer(reason);
    for (const stream of [...this.#streams.values()]) stream.lost(reason);
    this.onLost(reason);
  }
}

function refusalOf(payload: Buffer): string {
  const { reason } = JSON.parse(payload.toString("utf8")) as { reason?: unknown };
  return String(reason ?? "refused");
}

/** Has the shell read the program; answers with what was printed after that. */
function prepare(terminal: Terminal, program: string): Promise<string> {
  const nonce = randomBytes(8).toString("hex");
  return new Promise((resolve, reject) => {
    let printed = "";
    terminal.onOutput = (text) => {
      printed += text;
      const state = bootstrapState(printed, nonce);
      if (state.at === "no-python") reject(new NoAgent("its image has no Python 3"));
      if (printed.length > LONGEST_GREETING) reject(new NoAgent("its shell prints without end"));
      if (state.at !== "reading") return;
      for (let at = 0; at < program.length; at += PIECE) terminal.write(program.slice(at, at + PIECE));
      resolve(state.rest);
    };
    terminal.onClose = (reason) => reject(new Error(reason ?? "the notebook server ended the terminal"));
    terminal.write(bootstrapLine(nonce, program.length));
  });
}
