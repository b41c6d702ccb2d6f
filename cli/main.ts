#!/usr/bin/env node
import { UserError } from "../services/lib/user-error.ts";
import { explainCommand } from "./pod-defaults-explain.ts";
import { importPrimehubCommand } from "./realm-import.ts";
import { storagePreflightCommand } from "./storage-preflight.ts";

/** What is wrong with the command line or its files; 1 is an answer of its own. */
const UNUSABLE = 2;

type Command = (args: readonly string[]) => Promise<number>;
/** By the words that call them. */
const commands: Readonly<Record<string, Command>> = {
  "pod-defaults explain": explainCommand,
  "realm import-primehub": importPrimehubCommand,
  "storage preflight": storagePreflightCommand,
};

const known = (): string =>
  Object.keys(commands)
    .map((words) => `carrel ${words}`)
    .join(", ");

async function main(args: readonly string[]): Promise<number> {
  const [first = "", second = "", ...rest] = args;
  const words = `${first} ${second}`.trim();
  const command = Object.hasOwn(commands, words) ? commands[words] : undefined;
  if (command) return command(rest);
  if (["--help", "-h", "help"].some((word) => word === first || word === second)) {
    process.stdout.write(`usage: ${known()}; each has --help\n`);
    return 0;
  }
  const given = words === "" ? "no command is given" : `there is no command ${JSON.stringify(words)}`;
  throw new UserError("usage", `${given}: use one of ${known()}`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // A stack is for what nobody but us can mend.
  const text =
    error instanceof UserError ? error.problems.join("\n       ") : error instanceof Error ? error.stack : error;
  process.stderr.write(`error: ${text}\n`);
  process.exitCode = UNUSABLE;
}
