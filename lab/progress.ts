import { reasonOf } from "../services/lib/log.ts";
import { UserError } from "../services/lib/user-error.ts";

/** What failed, where it wrote about it, and what to do. */
export class StepError extends Error {
  readonly log: string | undefined;
  readonly remedy: string | undefined;

  constructor(message: string, options: { log?: string; remedy?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.log = options.log;
    this.remedy = options.remedy;
  }
}

export interface ProgressOptions {
  readonly write?: (text: string) => void;
  readonly isTerminal?: boolean;
  readonly monotonicMs?: () => number;
}

/** Says each step with its elapsed time: one line that is rewritten on a terminal, plain lines elsewhere. */
export class Progress {
  readonly #write: (text: string) => void;
  readonly #isTerminal: boolean;
  readonly #now: () => number;

  constructor(options: ProgressOptions = {}) {
    this.#write = options.write ?? ((text) => process.stdout.write(text));
    this.#isTerminal = options.isTerminal ?? process.stdout.isTTY === true;
    this.#now = options.monotonicMs ?? (() => performance.now());
  }

  say(line: string): void {
    this.#write(`${line}\n`);
  }

  /** Runs a step. Its work may report what it is doing through `note`. */
  async step<T>(title: string, work: (note: (text: string) => void) => Promise<T>): Promise<T> {
    const started = this.#now();
    const elapsed = (): string => `${((this.#now() - started) / 1000).toFixed(1).padStart(6)} s`;
    const note = (text: string): void => {
      this.#write(this.#isTerminal ? `\r\x1b[K${elapsed()}  ${title}: ${text}` : `${elapsed()}  ${title}: ${text}\n`);
    };
    if (this.#isTerminal) note("…");
    try {
      const result = await work(note);
      this.#write(`${this.#isTerminal ? "\r\x1b[K" : ""}${elapsed()}  ${title}\n`);
      return result;
    } catch (error) {
      this.#write(`${this.#isTerminal ? "\r\x1b[K" : ""}${elapsed()}  ${title}: FAILED\n`);
      throw error;
    }
  }
}

/** What a person reads when a command failed: the reason, the log and the remedy, and no stack for what they can mend. */
export function failureText(error: unknown): string {
  if (error instanceof UserError) return `error: ${error.problems.join("\n       ")}\n`;
  if (!(error instanceof StepError)) return `error: ${error instanceof Error ? error.stack : String(error)}\n`;
  const cause = error.cause === undefined ? "" : ` (${reasonOf(error.cause)})`;
  const log = error.log === undefined ? "" : `  log:    ${error.log}\n`;
  const remedy = error.remedy === undefined ? "" : `  remedy: ${error.remedy}\n`;
  return `error: ${error.message}${cause}\n${log}${remedy}`;
}
