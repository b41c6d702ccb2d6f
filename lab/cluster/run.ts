import { execFile } from "node:child_process";
import { StepError } from "../progress.ts";

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

/** Runs a program to its end and answers what it printed. @throws StepError with its error output */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      args,
      {
        maxBuffer: 64 << 20,
        timeout: options.timeoutMs ?? 120_000,
        env: { ...process.env, ...options.env },
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      },
      (error, stdout, stderr) => {
        if (!error) resolve(stdout);
        else reject(new StepError(`${file} ${args.join(" ")}: ${stderr.trim() || error.message}`));
      },
    );
    // A program that ends without reading its input is fine.
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.input ?? "");
  });
}

/** Like `run`, for what may already be so or already be gone. */
export async function attempt(file: string, args: readonly string[]): Promise<boolean> {
  return run(file, args).then(
    () => true,
    () => false,
  );
}
