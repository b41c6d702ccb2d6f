import type { Merge, Target } from "./keyed-list.ts";

function mergeWords(merge: Merge, { path, container, sources }: Target, field: "command" | "args"): void {
  const present = container[field];
  let isFree = present === undefined || present === null;
  for (const { name, [field]: words } of sources) {
    if (words === undefined) continue;
    if (isFree) merge.patch.set([...path, field], words);
    merge.gifts?.push({
      podDefault: name,
      field,
      key: words.join(" "),
      container: container.name,
      outcome: isFree ? "added" : "kept",
    });
    isFree = false;
  }
}

/** Command and arguments of one container, each from the first PodDefault that has it; the container's own stay. */
export function mergeCommand(merge: Merge, target: Target): void {
  mergeWords(merge, target, "command");
  mergeWords(merge, target, "args");
}
