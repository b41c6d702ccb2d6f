import { type KeyPath, keys, type ValueAt } from "./schema.ts";
import type { Given } from "./validate.ts";

type WithDefault = {
  [P in KeyPath]: (typeof keys)[P] extends { readonly default: ValueAt<P> } ? P : never;
}[KeyPath];

/** The value of a key, else its default. */
export const settled = <P extends WithDefault>(given: Given, path: P): ValueAt<P> =>
  given[path] ?? ((keys[path] as { readonly default: unknown }).default as ValueAt<P>);
