import { envFromSource } from "../api-defaults.ts";
import { sameAfterDefaulting } from "../equality.ts";
import { isObject, type JsonObject } from "../types.ts";
import type { Merge, Target } from "./keyed-list.ts";
import { mergeUnique, type UniqueField } from "./unique-list.ts";

function sourceName({ prefix, configMapRef, secretRef }: JsonObject): string {
  const named = (reference: unknown): string => (isObject(reference) ? `${reference["name"]}` : "unnamed");
  const source = isObject(secretRef) ? `secret ${named(secretRef)}` : `config map ${named(configMapRef)}`;
  return prefix ? `${source} as ${prefix}*` : source;
}

const envFrom: UniqueField<JsonObject> = {
  field: "envFrom",
  itemsOf: (podDefault) => podDefault.envFrom,
  keyOf: sourceName,
  same: (a, b) => sameAfterDefaulting(a, b, envFromSource),
};

/** Sources of variables of one container; upstream appends one again that is there, which no second call may do. */
export function mergeEnvFrom(merge: Merge, { path, container, sources }: Target): void {
  mergeUnique(merge, envFrom, {
    path: [...path, "envFrom"],
    present: container.envFrom,
    sources,
    container: container.name,
  });
}
