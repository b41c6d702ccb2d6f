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

/** Writes a time out; many lines are of the same millisecond. */
function timeWriter(now: () => number): () => string {
  let [lastMs, text] = [Number.NaN, ""];
  return () => {
    const ms = now();
    if (ms !== lastMs) [lastMs, text] = [ms, new Date(ms).toISOString()];
    return text;
  };
}

export function createLogger(options: LoggerOptions = {}): Logger {
  const least = logLevels.indexOf(options.level ?? "info");
  const time = timeWriter(options.now ?? Date.now);
  const write = options.write ?? ((line: string) => process.stdout.write(line));
  const none = (): void => {};
  const at = (level: LogLevel): Logger[LogLevel] => {
    if (logLevels.indexOf(level) < least) return none;
    return (event, fields = {}) => {
      // No field takes the place of what every line has.
      const rest = JSON.stringify({ ...fields, time: undefined, level: undefined, event: undefined });
      const own = `{"time":"${time()}","level":"${level}","event":${JSON.stringify(event)}`;
      write(rest === "{}" ? `${own}}\n` : `${own},${rest.slice(1)}\n`);
    };
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
