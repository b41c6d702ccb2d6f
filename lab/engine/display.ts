import { styleText } from "node:util";
import type { Operation } from "./goal.ts";
import type { PolicyResult } from "./policy-gate.ts";
import type { PendingOperation } from "./state.ts";
import type { StepEvent } from "./steps.ts";
import { nameOf, typeOf } from "./urn.ts";
import { masked, type PropertyDiff, type Props } from "./values.ts";

export interface DisplayOptions {
  readonly write: (text: string) => void;
  readonly color: boolean;
  /** Show every field of what is new too, not only of what changes. */
  readonly everyField: boolean;
}

export interface Summary {
  readonly stack: string;
  readonly preview: boolean;
  readonly events: readonly StepEvent[];
  readonly parents: ReadonlyMap<string, string | undefined>;
  readonly policies: { readonly packs: readonly string[]; readonly results: readonly PolicyResult[] };
  readonly errors: readonly string[];
  readonly outputs: Props;
  readonly durationMs: number;
}

const symbols: Readonly<Record<Operation, string>> = {
  same: " ",
  create: "+",
  update: "~",
  replace: "+-",
  delete: "-",
  import: "=",
  read: ">",
  refresh: "~",
};
const colors = {
  "+": "green",
  "~": "yellow",
  "-": "red",
  "+-": "magenta",
  "=": "cyan",
  ">": "cyan",
  " ": "dim",
} as const;
const past: Readonly<Record<Operation, string>> = {
  same: "unchanged",
  create: "created",
  update: "updated",
  replace: "replaced",
  delete: "deleted",
  import: "imported",
  read: "read",
  refresh: "changed outside",
};
const future: Readonly<Record<Operation, string>> = {
  ...past,
  create: "to create",
  update: "to update",
  replace: "to replace",
  delete: "to delete",
  import: "to import",
};

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)}s`;

/** How many steps there were of each operation. */
export function changeSummary(events: readonly StepEvent[]): Partial<Record<Operation, number>> {
  const counts: Partial<Record<Operation, number>> = {};
  for (const { operation } of events) counts[operation] = (counts[operation] ?? 0) + 1;
  return counts;
}

/** Whether anything would be, or was, done. */
export const hasChanges = (events: readonly StepEvent[]): boolean =>
  events.some(({ operation }) => operation !== "same" && operation !== "read");

/** Writes what a run does in Pulumi's manner: a line per step while it runs, then the tree, the totals and the outputs. */
export class Display {
  readonly #options: DisplayOptions;

  constructor(options: DisplayOptions) {
    this.#options = options;
  }

  say(line: string): void {
    this.#options.write(`${line}\n`);
  }

  #paint(symbol: string, text: string): string {
    const color = colors[symbol as keyof typeof colors] ?? "dim";
    return this.#options.color ? styleText(color, text, { validateStream: false }) : text;
  }

  step(event: StepEvent): void {
    if (event.operation === "same" && event.error === undefined) return;
    const symbol = symbols[event.operation];
    const outcome = event.error === undefined ? past[event.operation] : `FAILED: ${event.error}`;
    const line = ` ${symbol.padEnd(2)} ${typeOf(event.urn)} ${nameOf(event.urn)} ${outcome} (${seconds(event.durationMs)})`;
    this.say(this.#paint(symbol, line));
  }

  pending(operations: readonly PendingOperation[]): void {
    for (const { type, resource } of operations) {
      this.say(`warning: an earlier run was interrupted while ${type} ${resource.urn}; this run settles it`);
    }
  }

  /** Every resource below its parent, with the fields that change. */
  tree(summary: Summary): void {
    const shown = new Set(summary.events.map((event) => event.urn));
    const changed = new Set(summary.events.filter((event) => event.operation !== "same").map((event) => event.urn));
    // A parent is shown for what changes below it.
    for (const urn of [...changed]) {
      for (let parent = summary.parents.get(urn); parent; parent = summary.parents.get(parent)) changed.add(parent);
    }
    const children = (parent: string | undefined): StepEvent[] =>
      summary.events.filter((event) => {
        const above = summary.parents.get(event.urn);
        return changed.has(event.urn) && (above !== undefined && shown.has(above) ? above : undefined) === parent;
      });
    const print = (parent: string | undefined, depth: number): void => {
      for (const event of children(parent)) {
        const symbol = symbols[event.operation];
        const label = `${symbol.padEnd(2)} ${"   ".repeat(depth)}${typeOf(event.urn)}  ${nameOf(event.urn)}`;
        this.say(this.#paint(symbol, ` ${label}${event.error === undefined ? "" : `  error: ${event.error}`}`));
        const isShort = event.operation === "create" && !this.#options.everyField;
        for (const change of isShort ? [] : event.changes) this.#change(change, depth + 2);
        print(event.urn, depth + 1);
      }
    };
    print(undefined, 0);
  }

  #change(change: PropertyDiff, depth: number): void {
    const symbol = change.kind === "add" ? "+" : change.kind === "delete" ? "-" : "~";
    const value = (side: unknown): string => {
      const text = JSON.stringify(side) ?? "";
      return text.length > 300 ? `${text.slice(0, 300)}… (${text.length} characters)` : text;
    };
    const sides = [change.old, change.new].filter((side) => side !== undefined).map(value);
    const replaces = change.replaces ? " (replaces)" : "";
    this.say(
      this.#paint(symbol, `    ${"   ".repeat(depth)}${symbol} ${change.path}: ${sides.join(" => ")}${replaces}`),
    );
  }

  summary(summary: Summary): void {
    this.#policies(summary);
    if (summary.errors.length > 0) {
      this.say("\nDiagnostics:");
      for (const error of summary.errors) this.say(`  error: ${error}`);
    }
    if (!summary.preview || Object.keys(summary.outputs).length > 0) this.outputs(summary.outputs);
    this.say("\nResources:");
    const words = summary.preview ? future : past;
    for (const [operation, count] of Object.entries(changeSummary(summary.events))) {
      const symbol = symbols[operation as Operation];
      this.say(
        this.#paint(symbol, `    ${symbol.trim() === "" ? "" : `${symbol} `}${count} ${words[operation as Operation]}`),
      );
    }
    this.say(`\nDuration: ${seconds(summary.durationMs)}`);
  }

  outputs(outputs: Props): void {
    if (Object.keys(outputs).length === 0) return;
    this.say("\nOutputs:");
    for (const [key, value] of Object.entries(masked(outputs) as Props))
      this.say(`    ${key}: ${JSON.stringify(value)}`);
  }

  #policies({ policies }: Summary): void {
    if (policies.packs.length === 0) return;
    this.say("\nPolicies:");
    for (const pack of policies.packs) this.say(`    ${pack}: ${policies.results.length} violation(s)`);
    for (const { mandatory, policy, urn, message } of policies.results) {
      this.say(`    [${mandatory ? "mandatory" : "advisory"}] ${policy}  (${typeOf(urn)}: ${nameOf(urn)})`);
      for (const line of message.split("\n")) this.say(`        ${line}`);
    }
  }
}

/** The run as one JSON document. */
export function summaryJson(summary: Summary): unknown {
  return {
    stack: summary.stack,
    preview: summary.preview,
    steps: summary.events.map(({ urn, operation, changes, error }) => ({
      op: operation,
      urn,
      detailedDiff: changes,
      ...(error === undefined ? {} : { error }),
    })),
    policies: summary.policies,
    diagnostics: summary.errors.map((message) => ({ severity: "error", message })),
    outputs: masked(summary.outputs),
    changeSummary: changeSummary(summary.events),
    durationMs: Math.round(summary.durationMs),
  };
}
