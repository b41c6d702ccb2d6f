import type { Subject } from "../kubernetes.ts";
import { fieldProblem, resourcePolicy } from "../rule.ts";

const ENFORCE = "pod-security.kubernetes.io/enforce";
const MANAGED = "primehub.io/resources-validation-webhook";
const LEVELS: readonly unknown[] = ["privileged", "baseline", "restricted"];

/** Each namespace says which pods it takes; one with quota never takes those that can leave their node's bounds. */
export function* namespaceLabelProblems({ kind, where, object }: Subject): Iterable<string> {
  if (kind !== "core/Namespace") return;
  const labels = object.metadata?.labels;
  const level = labels?.[ENFORCE];
  const managed = labels?.[MANAGED] === "enabled";
  if (managed && level !== "baseline" && level !== "restricted") {
    const remedy = `write restricted or baseline, quota is enforced here (${MANAGED})`;
    yield fieldProblem(where, `label ${ENFORCE}`, level, remedy);
  } else if (!LEVELS.includes(level)) {
    yield fieldProblem(where, `label ${ENFORCE}`, level, "write restricted, baseline or privileged");
  }
}

/** Not configurable: `privileged` is the waiver, for all to see on the namespace. */
export const namespaceLabels = resourcePolicy({
  name: "namespace-labels",
  description: "Namespaces enforce a pod security level.",
  problems: namespaceLabelProblems,
});
