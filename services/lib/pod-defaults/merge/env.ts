import { envVar } from "../api-defaults.ts";
import { sameAfterDefaulting } from "../equality.ts";
import type { Named } from "../types.ts";
import { type KeyedField, type Merge, mergeKeyed, type Target } from "./keyed-list.ts";

const env: KeyedField<Named> = {
  field: "env",
  itemsOf: (podDefault) => podDefault.env,
  keyOf: ({ name }) => name,
  same: (a, b) => sameAfterDefaulting(a, b, envVar),
};

/** Variables of one container, by name. */
export function mergeEnv(merge: Merge, { path, container, sources }: Target): void {
  mergeKeyed(merge, env, {
    path: [...path, "env"],
    present: container.env,
    sources,
    container: container.name,
  });
}
