import { FieldReader } from "./field-reader.ts";
import type { Affinity, JsonObject, NodeSelectorTerm } from "./types.ts";

export const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
export const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";

/** Lists of which every element holds or counts on its own; required terms of nodes are alternatives, and not here. */
export const affinityLists = [
  ["nodeAffinity", PREFERRED],
  ["podAffinity", REQUIRED],
  ["podAffinity", PREFERRED],
  ["podAntiAffinity", REQUIRED],
  ["podAntiAffinity", PREFERRED],
] as const;

function readTerms(given: unknown, at: string, reasons: string[]): readonly NodeSelectorTerm[] {
  const read = new FieldReader(given, at);
  const terms = read.objects("nodeSelectorTerms").map((term, i) => {
    const fields = new FieldReader(term, `${at}.nodeSelectorTerms[${i}]`);
    const found = { matchExpressions: fields.objects("matchExpressions"), matchFields: fields.objects("matchFields") };
    read.reasons.push(...fields.reasons);
    if (fields.reasons.length === 0 && found.matchExpressions.length + found.matchFields.length === 0) {
      read.reasons.push(`${at}.nodeSelectorTerms[${i}] is empty and would match no node: remove it`);
    }
    return found;
  });
  reasons.push(...read.reasons);
  return terms;
}

/** Reads the parts of an affinity that can be merged, which are all that Kubernetes has. */
export function readAffinity(given: JsonObject | undefined, at: string, reasons: string[]): Affinity {
  const read = new FieldReader(given, at);
  const node = new FieldReader(read.object("nodeAffinity"), `${at}.nodeAffinity`);
  const nodeTerms = readTerms(node.object(REQUIRED), `${at}.nodeAffinity.${REQUIRED}`, reasons);
  const lists = affinityLists.map((path) => {
    const part = new FieldReader(read.object(path[0]), `${at}.${path[0]}`);
    const items = part.objects(path[1]);
    reasons.push(...part.reasons);
    return { path, items };
  });
  reasons.push(...node.reasons, ...new Set(read.reasons));
  return { nodeTerms, lists: lists.filter(({ items }) => items.length > 0) };
}
