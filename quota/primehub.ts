import { formatBytes, formatMilli, MAX_AMOUNT, parseQuantity, type Quantity, QuantityError } from "./quantity.ts";
import { type Limits, parseAmount, type ResourceName } from "./resources.ts";

/** PrimeHub's G is 2^30 bytes: its admission took all units as binary. */
const GIB_SHIFT = 30n;
const GIB_DIGITS = 30;

/** Resources that PrimeHub's quota knows. */
export const primehubResources = ["cpu", "gpu", "memory"] as const satisfies readonly ResourceName[];
export type PrimehubResource = (typeof primehubResources)[number];

/** Digits after the point, exact and without needless zeros. */
function decimalText(digits: bigint, places: number): string {
  const text = String(digits).padStart(places + 1, "0");
  return `${text.slice(0, -places)}.${text.slice(-places)}`.replace(/\.?0+$/, "");
}

/** An amount as PrimeHub wrote it in a group's attribute: `1.5` CPUs or GPUs, `1.5G` of memory; exact. */
export function primehubText(name: PrimehubResource, amount: bigint): string {
  if (name !== "memory") return decimalText(amount, 3);
  return `${decimalText((amount * 10n ** BigInt(GIB_DIGITS)) >> GIB_SHIFT, GIB_DIGITS)}G`;
}

/** What PrimeHub would have written for the quotas that are stated; without a prefix it is each member's. */
export function primehubQuota(limits: Limits, prefix: "" | "project-" = ""): Record<string, readonly [string]> {
  return Object.fromEntries(
    primehubResources.flatMap((name) => {
      const amount = limits[name];
      return amount === null ? [] : [[`${prefix}quota-${name}`, [primehubText(name, amount)] as const]];
    }),
  );
}

/** What a text of PrimeHub's means, and where its own programs disagreed on it. */
export interface PrimehubAmount {
  readonly quantity: Quantity;
  readonly remark?: string;
}

const NUMBER = /^(\d+\.?\d*|\.\d+)$/;
const MEMORY = /^(\d+\.?\d*|\.\d+)([KMGTPE])i?$/i;

/**
 * Reads PrimeHub's attribute as a quantity of Kubernetes: `G` becomes `Gi`, because that is what it meant.
 * @throws QuantityError for what cannot be read
 */
export function fromPrimehub(name: PrimehubResource, text: string): PrimehubAmount {
  const trimmed = text.trim();
  if (name !== "memory") {
    if (!NUMBER.test(trimmed)) throw new QuantityError(`"${text}" is not a number as PrimeHub writes it, such as 1.5`);
    return { quantity: formatMilli(parseAmount(name, trimmed, `quota-${name}`)) };
  }
  const [, digits = "", unit = ""] = MEMORY.exec(trimmed) ?? [];
  if (digits === "") throw new QuantityError(`"${text}" is not memory as PrimeHub writes it, such as 1.5G`);
  const quantity = formatBytes(parseQuantity(`${digits}${unit.toUpperCase()}i`, "whole"));
  return unit.toUpperCase() === "G"
    ? { quantity }
    : { quantity, remark: `PrimeHub's console read "${text}" as ${digits} GiB, its admission as ${quantity}` };
}

/** Whole GiB that hold so many bytes, as PrimeHub writes sizes of volumes: `200G`. */
export function primehubSize(bytes: bigint): string {
  return `${(bytes + (1n << GIB_SHIFT) - 1n) >> GIB_SHIFT}G`;
}

/** Reads a size of a volume: PrimeHub took the whole number before the last character as GiB. */
export function fromPrimehubSize(text: string): Quantity | undefined {
  const digits = /^(\d+)/.exec(text.trim().slice(0, -1))?.[1];
  if (digits === undefined) return undefined;
  const bytes = BigInt(digits) << GIB_SHIFT;
  return bytes > MAX_AMOUNT ? undefined : formatBytes(bytes);
}
