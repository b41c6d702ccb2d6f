import type { Subject } from "../kubernetes.ts";
import { fieldProblem, resourcePolicy } from "../rule.ts";

const KINDS: readonly string[] = ["rbac.authorization.k8s.io/ClusterRole", "rbac.authorization.k8s.io/Role"];
const FIELDS = ["apiGroups", "resources", "verbs"] as const;

type RoleRule = Partial<Record<(typeof FIELDS)[number], readonly string[]>>;

/** A role grants what it names, not what a later version of Kubernetes or of a chart will add. */
export function* wildcardProblems(subject: Subject, exceptions: readonly string[]): Iterable<string> {
  if (!KINDS.includes(subject.kind) || exceptions.includes(subject.name)) return;
  for (const [i, rule] of ((subject.object["rules"] ?? []) as readonly RoleRule[]).entries()) {
    for (const field of FIELDS) {
      const values = rule[field] ?? [];
      if (!values.some((value) => value.includes("*"))) continue;
      yield fieldProblem(`${subject.where}, rule ${i}`, field, values, "name each one that is needed");
    }
  }
}

/** Configured by `exceptions`: roles, by the name that messages show. */
export const rbacNoWildcard = resourcePolicy({
  name: "rbac-no-wildcard",
  description: "Roles name their verbs, resources and API groups.",
  option: { name: "exceptions", description: "names of Role and ClusterRole resources in the program" },
  problems: wildcardProblems,
});
