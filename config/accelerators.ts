import type { Check } from "./checks.ts";

// The grammar of quota/accelerators.ts, which configuration does not import; their tests hold the one to the other.
const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/(\*|[A-Za-z0-9][-A-Za-z0-9_.]*\*?)$/;
const WEIGHT = /^(?<amount>\d{1,9}(?:\.\d{1,9})?)(?<milli>m?)$/;
/** More than any one device is; beyond it a weight is a slip. */
const MAX_GPUS = 1000;

/** `vendor.example/gpu-slice` of `vendor.example/gpu-slice=0.5`. */
export function resourceOf(rule: string): string {
  return rule.split("=", 1)[0] ?? rule;
}

function isWeight(text: string): boolean {
  const { amount, milli } = WEIGHT.exec(text)?.groups ?? {};
  const gpus = Number(amount) / (milli === "m" ? 1000 : 1);
  return gpus > 0 && gpus <= MAX_GPUS;
}

function wrongIn(rule: string): string | undefined {
  const resource = resourceOf(rule);
  if (resource === rule) return "must be RESOURCE=WEIGHT";
  if (!NAME.test(resource)) return "must name an extended resource, vendor.example/name or vendor.example/prefix-*";
  if (isWeight(rule.slice(resource.length + 1))) return undefined;
  return `must have a decimal weight above 0 and at most ${MAX_GPUS}`;
}

/** How much of a GPU one unit of an extended resource is, as `resource=weight`. */
export const checkAccelerator: Check<string> = (rule) => {
  const wrong = wrongIn(rule);
  if (wrong === undefined) return undefined;
  if (NAME.test(rule)) return { wrong, fix: `append how much of a GPU one unit is, as in "${rule}=0.5"` };
  const meant = rule.replaceAll(/\s/g, "").replace(",", ".");
  return wrongIn(meant) === undefined ? { wrong, fix: `write "${meant}"` } : { wrong };
};
