import { formatBytes, formatMilli, parseQuantity, type Quantity, QuantityError, type Unit } from "./quantity.ts";

/** What a quota can limit. */
export const resourceNames = ["cpu", "memory", "gpu"] as const;
export type ResourceName = (typeof resourceNames)[number];

/** Exact amounts: CPU in thousandths, memory in bytes, GPUs in devices. */
export type Amounts = Readonly<Record<ResourceName, bigint>>;

/** Amounts as people declare them; a resource that is absent or null is not stated. */
export type Declared = Readonly<Partial<Record<ResourceName, Quantity | null>>>;

/** Declared amounts, parsed; null is not stated. */
export type Limits = Readonly<Record<ResourceName, bigint | null>>;

export const nothing: Amounts = { cpu: 0n, memory: 0n, gpu: 0n };
export const unlimited: Limits = { cpu: null, memory: null, gpu: null };

const units: Readonly<Record<ResourceName, Unit>> = { cpu: "milli", memory: "whole", gpu: "whole" };

/** Families of accelerators, each of which counts as one GPU per unit. */
const ACCELERATOR = /^(nvidia\.com\/(gpu|gpu\.shared|mig-[a-z0-9.-]+)|amd\.com\/gpu|gpu\.intel\.com\/[a-z0-9._-]+)$/;

/** The resource of ours that a resource name of Kubernetes counts against, if any. */
export function resourceOf(name: string): ResourceName | undefined {
  if (name === "cpu" || name === "memory") return name;
  return ACCELERATOR.test(name) ? "gpu" : undefined;
}

/** Reads each resource with `read`. */
export function mapResources<T>(read: (name: ResourceName) => T): Record<ResourceName, T> {
  return { cpu: read("cpu"), memory: read("memory"), gpu: read("gpu") };
}

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
  if (name === "cpu") return formatMilli(amount);
  return name === "memory" ? formatBytes(amount) : String(amount);
}
