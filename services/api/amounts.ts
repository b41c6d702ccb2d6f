import type { Scope } from "../../quota/decide.ts";
import { type Amounts, type Limits, mapResources } from "../../quota/resources.ts";

/** Amounts as the API writes them: whole numbers as text, since JSON's numbers are not exact; null is unlimited. */
export interface AmountsView {
  readonly cpuMilli: string | null;
  readonly memoryBytes: string | null;
  readonly gpuMilli: string | null;
  readonly ephemeralStorageBytes: string | null;
  readonly pods: string | null;
}

const text = (amount: bigint | null): string | null => (amount === null ? null : String(amount));

export const amountsView = (amounts: Limits | Amounts): AmountsView => ({
  cpuMilli: text(amounts.cpu),
  memoryBytes: text(amounts.memory),
  gpuMilli: text(amounts.gpu),
  ephemeralStorageBytes: text(amounts["ephemeral-storage"]),
  pods: text(amounts.pods),
});

/** What may still be asked for: of each resource the least that any scope has left, at least 0; null where none limits it. */
export function remainingOf(scopes: readonly Pick<Scope, "quota" | "used">[]): Limits {
  return mapResources((name) =>
    scopes.reduce<bigint | null>((least, { quota, used }) => {
      const limit = quota[name];
      if (limit === null) return least;
      const left = limit > used[name] ? limit - used[name] : 0n;
      return least === null || left < least ? left : least;
    }, null),
  );
}
