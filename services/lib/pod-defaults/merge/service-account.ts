import type { PodDefault } from "../types.ts";
import type { Gift, Merge } from "./keyed-list.ts";

const fields = ["serviceAccountName", "automountServiceAccountToken"] as const;
type Field = (typeof fields)[number];

/** The highest priority wins; among equals the last by name, which is upstream's last writer. */
function winnerOf(stating: readonly PodDefault[]): PodDefault | undefined {
  return stating.findLast(({ priority }) => priority === stating[0]?.priority);
}

function outcomeOf(isWinner: boolean, present: unknown, value: unknown): Gift["outcome"] {
  if (!isWinner) return "overruled";
  if (present === value) return "kept";
  return present === undefined ? "added" : "replaced";
}

function overwrite({ pod, sources, patch, gifts }: Merge, field: Field): void {
  const stating = sources.filter((source) => source[field] !== undefined);
  const winner = winnerOf(stating);
  if (winner === undefined) return;
  const present = pod.spec?.[field] ?? undefined;
  if (present !== winner[field]) patch.set(["spec", field], winner[field]);
  for (const source of gifts ? stating : []) {
    const outcome = outcomeOf(source === winner, present, source[field]);
    gifts?.push({ podDefault: source.name, field, key: String(source[field]), outcome });
  }
}

/**
 * The pod's service account and whether its token is mounted. They replace what the pod has, because the API server
 * has filled in `default` before any webhook, and a choice cannot be told from it.
 */
export function mergeServiceAccount(merge: Merge): void {
  for (const field of fields) overwrite(merge, field);
}
