import type { MirrorRule } from "../services/lib/image-mirror/rules.ts";
import type { Check } from "./checks.ts";

interface Common<T, Item = T> {
  /** What stands in when the key is not set; without it, see `absent`. */
  readonly default?: T;
  /** What happens without the key, where there is no default. */
  readonly absent?: string;
  readonly description: string;
  /** A value to set it to, as in the command that a problem proposes. */
  readonly example: string;
  /** Whether the value can be one that must not be printed. */
  readonly secret?: true;
  /** What is right about a value, or about each item of a list. */
  readonly check?: Check<Item>;
  /** How to mend a wrong value, where the check has nothing closer to say. */
  readonly fix: string;
}

interface ListRules {
  readonly atLeastOne?: true;
  /** What no two items have in common. */
  readonly distinctBy?: (item: string) => string;
}

/** One key of the stack's configuration. */
export type Key =
  | ({ readonly type: "string"; readonly options?: readonly string[] } & Common<string>)
  | ({ readonly type: "boolean" } & Common<boolean>)
  | ({ readonly type: "integer" } & Common<number>)
  | ({ readonly type: "list of strings" } & ListRules & Common<readonly string[], string>)
  | ({ readonly type: "list of rules" } & Common<readonly MirrorRule[]>);

/** The type of a value by the name of its type. */
export interface TypeOf {
  readonly string: string;
  readonly boolean: boolean;
  readonly integer: number;
  readonly "list of strings": readonly string[];
  readonly "list of rules": readonly MirrorRule[];
}
