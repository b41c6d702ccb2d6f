import type { Check } from "./checks.ts";

/** What can be left out, in the order in which each needs those before it. */
export const partNames = ["identity", "api", "hub", "ssh", "exposure"] as const;
export type PartName = (typeof partNames)[number];

/** The name of a part. */
export const checkPart: Check<string> = (name) =>
  partNames.some((part) => part === name) ? undefined : { wrong: `must be one of ${partNames.join(", ")}` };

/** CPU of a pod. */
export const checkCpu: Check<string> = (cpu) =>
  /^[1-9]\d{0,5}m?$/.test(cpu) ? undefined : { wrong: "must be a whole number of CPUs, or of thousandths with an m" };

/** A size of memory or of a volume, of which the smallest is 1Mi. */
export const checkSize: Check<string> = (size) =>
  /^[1-9]\d{0,5}(Mi|Gi|Ti)$/.test(size) ? undefined : { wrong: "must be a whole number of Mi, Gi or Ti" };
