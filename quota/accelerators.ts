import { type Quantity, QuantityError } from "./quantity.ts";
import { parseAmount } from "./resources.ts";

/** How much of a GPU one unit of an extended resource is; a name may end in `*`. */
export interface AcceleratorRule {
  readonly resource: string;
  /** In GPUs: `1`, `0.5`, `143m`. */
  readonly weight: Quantity;
}

/** Families whose units are whole GPUs; a site gives slices a weight of their own. */
const families: readonly AcceleratorRule[] = [
  { resource: "nvidia.com/gpu", weight: "1" },
  { resource: "nvidia.com/gpu.shared", weight: "1" },
  { resource: "nvidia.com/mig-*", weight: "1" },
  { resource: "amd.com/gpu", weight: "1" },
  { resource: "gpu.intel.com/*", weight: "1" },
];

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/(\*|[A-Za-z0-9][-A-Za-z0-9_.]*\*?)$/;

interface Family {
  readonly name: string;
  readonly isPrefix: boolean;
  readonly weightMilli: bigint;
}

function parseRule({ resource, weight }: AcceleratorRule): Family {
  if (!NAME.test(resource)) {
    throw new QuantityError(
      `"${resource}" is no extended resource: write vendor.example/name, or vendor.example/prefix-*`,
    );
  }
  const isPrefix = resource.endsWith("*");
  const weightMilli = parseAmount("gpu", weight, `weight of ${resource}`);
  return { name: isPrefix ? resource.slice(0, -1) : resource, isPrefix, weightMilli };
}

/** Which extended resources count as GPUs, and how much. */
export class Accelerators {
  /** Exact names before prefixes, longer prefixes before shorter ones; a site's own before the families. */
  readonly #families: readonly Family[];

  /** @param own rules of a site, which go before the families @throws QuantityError naming the rule */
  constructor(own: readonly AcceleratorRule[] = []) {
    const rank = ({ isPrefix, name }: Family): number => (isPrefix ? name.length : Number.POSITIVE_INFINITY);
    const parsed = [...own.map(parseRule), ...families.map(parseRule)];
    this.#families = parsed.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)));
  }

  /** Thousandths of a GPU in one unit of a resource; nothing where it is no accelerator. */
  weightMilli(resource: string): bigint | undefined {
    return this.#families.find(({ name, isPrefix }) => (isPrefix ? resource.startsWith(name) : resource === name))
      ?.weightMilli;
  }
}

export const standardAccelerators: Accelerators = new Accelerators();
