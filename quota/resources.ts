import { formatBytes, formatMilli, parseQuantity, type Quantity, QuantityError, type Unit } from "./quantity.ts";

/** What a quota can limit. */
export const resourceNames = ["cpu", "memory", "gpu", "ephemeral-storage", "pods"] as const;
export type ResourceName = (typeof resourceNames)[number];

/** Exact amounts: CPU and GPU in thousandths, memory and storage in bytes, pods by number. */
export type Amounts = Readonly<Record<ResourceName, bigint>>;

/** Amounts as people declare them; a resource that is absent or null is not stated. */
export type Declared = Readonly<Partial<Record<ResourceName, Quantity | null>>>;

/** Declared amounts, parsed; null is not stated. */
export type Limits = Readonly<Record<ResourceName, bigint | null>>;

/** Reads each resource with `read`. */
export function mapResources<T>(read: (name: ResourceName) => T): Record<ResourceName, T> {
  return {
    cpu: read("cpu"),
    memory: read("memory"),
    gpu: read("gpu"),
    "ephemeral-storage": read("ephemeral-storage"),
    pods: read("pods"),
  };
}

export const nothing: Amounts = mapResources(() => 0n);
export const unlimited: Limits = mapResources(() => null);

const units: Readonly<Record<ResourceName, Unit>> = {
  cpu: "milli",
  memory: "whole",
  gpu: "milli",
  "ephemeral-storage": "whole",
  pods: "whole",
};

export const add = (a: Amounts, b: Amounts): Amounts => mapResources((name) => a[name] + b[name]);
export const subtract = (a: Amounts, b: Amounts): Amounts => mapResources((name) => a[name] - b[name]);
export const largest = (a: Amounts, b: Amounts): Amounts =>
  mapResources((name) => (a[name] > b[name] ? a[name] : b[name]));

/** @throws QuantityError naming the field, for what cannot be read */
export function parseAmount(name: ResourceName, quantity: Quantity, where: string): bigint {
  try {
    return parseQuantity(quantity, units[name]);
  } catch (error) {
    throw new QuantityError(`${where}: ${error instanceof Error ? error.message : error}`);
  }
}

/** @param where the field's path, for the message */
export function parseDeclared(declared: Declared | undefined | null, where: string): Limits {
  return mapResources((name) => {
    const quantity = declared?.[name];
    return quantity === undefined || quantity === null ? null : parseAmount(name, quantity, `${where}.${name}`);
  });
}

/** An amount in the units that people use for it. */
export function formatAmount(name: ResourceName, amount: bigint): string {
  if (units[name] === "milli") return formatMilli(amount);
  return name === "pods" ? String(amount) : formatBytes(amount);
}
