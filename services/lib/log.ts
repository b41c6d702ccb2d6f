/** How much is said; each level includes those after it. */
export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** One JSON line per event. Fields are scalars, so that no object with a secret in it slips into a line. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export interface LoggerOptions {
  readonly level?: LogLevel;
  readonly now?: () => number;
  readonly write?: (line: string) => void;
}

const FLUSH_MS = 20;
const FLUSH_LENGTH = 16_384;

/** Writes lines together: a system call for each costs more than what it says. Nothing stays unwritten at exit. */
export function batched(write: (text: string) => void): (line: string) => void {
  let text = "";
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (text !== "") write(text);
    text = "";
  };
  process.on("exit", flush);
  return (line) => {
    text += line;
    if (text.length >= FLUSH_LENGTH) flush();
    else timer ??= setTimeout(flush, FLUSH_MS);
  };
}

export function createLogger(options: LoggerOptions = {}): Logger {
  const least = logLevels.indexOf(options.level ?? "info");
  const now = options.now ?? Date.now;
  const write = options.write ?? ((line: string) => process.stdout.write(line));
  const at =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}): void => {
      if (logLevels.indexOf(level) < least) return;
      const own = { time: new Date(now()).toISOString(), level, event };
      // First for the eye, and last so that no field takes their place.
      write(`${JSON.stringify({ ...own, ...fields, ...own })}\n`);
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** What went wrong as one line, with its causes, and without a stack. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  const text = error.message || (code ?? error.name);
  return error.cause === undefined ? text : `${text}: ${reasonOf(error.cause)}`;
}
