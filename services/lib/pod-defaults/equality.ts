import type { Shape } from "./api-defaults.ts";
import { sameQuantity } from "./same-quantity.ts";
import { isObject, type JsonObject } from "./types.ts";

const plain: Shape = {};

/** The API server drops nulls, empty texts and empty lists, and fills in the type's default. */
function effective(value: JsonObject, key: string, shape: Shape): unknown {
  const stated = Object.hasOwn(value, key) ? value[key] : undefined;
  const isEmpty =
    stated === undefined ||
    stated === null ||
    (stated === "" && !shape.emptyMatters?.includes(key)) ||
    (Array.isArray(stated) && stated.length === 0);
  return isEmpty ? shape.defaults?.[key] : stated;
}

function sameObjects(a: JsonObject, b: JsonObject, shape: Shape): boolean {
  const left = shape.complete?.(a) ?? a;
  const right = shape.complete?.(b) ?? b;
  const same = (key: string): boolean =>
    sameAfterDefaulting(
      effective(left, key, shape),
      effective(right, key, shape),
      shape.fields?.[key] ?? shape.members ?? plain,
    );
  for (const key of Object.keys(left)) if (!same(key)) return false;
  for (const key of Object.keys(right)) if (!Object.hasOwn(left, key) && !same(key)) return false;
  return true;
}

/** Whether the API server would store two values alike; the order of a list counts, that of keys does not. */
export function sameAfterDefaulting(a: unknown, b: unknown, shape: Shape = plain): boolean {
  if (a === b) return true;
  if (shape.quantity) return sameQuantity(a, b);
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, i) => sameAfterDefaulting(item, b[i], shape));
  }
  return isObject(a) && isObject(b) && sameObjects(a, b, shape);
}
