import { type ApplySettings, applyPodDefaults, defaultSettings, type Outcome } from "./apply.ts";
import { type Conflict, conflictText } from "./conflict.ts";
import type { Gift } from "./merge/keyed-list.ts";
import type { Normalised } from "./normalise.ts";
import { inOrder, labelsBefore } from "./select.ts";
import { unmet } from "./selector.ts";
import type { Pod, PodDefault } from "./types.ts";

/** What one PodDefault has for a pod, or why it has nothing. */
export interface PodDefaultExplanation {
  readonly name: string;
  readonly priority: number;
  readonly outcome: "applied" | "unselected" | "malformed" | "withheld";
  /** Why not; absent where it is applied. */
  readonly reason?: string;
  readonly gifts: readonly Gift[];
  /** Containers that it names and the pod does not have. */
  readonly missingContainers: readonly string[];
}

/** What PodDefaults do to a pod, one by one in the order of application, malformed ones last. */
export interface Explanation {
  readonly pod: string;
  readonly namespace: string;
  readonly outcome: Outcome["kind"];
  readonly podDefaults: readonly PodDefaultExplanation[];
  readonly conflicts: readonly Conflict[];
}

const WITHHELD_BY_CONFLICT = "a conflict withholds every PodDefault";
const exemptions = {
  excluded: 'the pod has the annotation poddefault.admission.kubeflow.org/exclude: "true"',
  mirror: "the pod is the mirror of a static pod",
} as const;

type Reasoned = Pick<PodDefaultExplanation, "outcome" | "reason">;

/** A label that the pod has got from a PodDefault selects nothing, though the pod has it. */
function unselected({ selector }: PodDefault, pod: Pod, applied: readonly PodDefault[]): Reasoned {
  const need = unmet(selector, pod.metadata?.labels) ?? unmet(selector, labelsBefore(pod, applied));
  return { outcome: "unselected", reason: `the pod's labels do not meet ${need}` };
}

function reasoned(podDefault: PodDefault, pod: Pod, outcome: Outcome): Reasoned {
  if (outcome.kind === "untouched") {
    const { reason } = outcome;
    if (reason === "unselected") return unselected(podDefault, pod, []);
    return { outcome: "withheld", reason: exemptions[reason] };
  }
  if (!outcome.podDefaults.includes(podDefault)) return unselected(podDefault, pod, outcome.podDefaults);
  return outcome.kind === "conflict" ? { outcome: "withheld", reason: WITHHELD_BY_CONFLICT } : { outcome: "applied" };
}

function missingContainers({ targetContainers }: PodDefault, { spec }: Pod): readonly string[] {
  const names = new Set([...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].map(({ name }) => name));
  return [...(targetContainers ?? [])].filter((name) => !names.has(name));
}

function explainOne(podDefault: PodDefault, pod: Pod, outcome: Outcome, gifts: readonly Gift[]): PodDefaultExplanation {
  const { name, priority } = podDefault;
  const found = reasoned(podDefault, pod, outcome);
  const isApplied = found.outcome === "applied";
  return {
    name,
    priority,
    ...found,
    gifts: isApplied ? gifts.filter((gift) => gift.podDefault === name) : [],
    missingContainers: isApplied ? missingContainers(podDefault, pod) : [],
  };
}

/**
 * What a pod would get, from whom, and why not. It decides with the code that admission decides with.
 * @param known PodDefaults of any namespaces, in any order
 */
export function explainPodDefaults(
  pod: Pod,
  namespace: string,
  known: readonly Normalised[],
  settings: ApplySettings = defaultSettings,
): Explanation {
  const usable = known
    .flatMap((item) => (item.ok && item.podDefault.namespace === namespace ? [item.podDefault] : []))
    .sort(inOrder);
  const malformed = known.flatMap((item) => (!item.ok && item.namespace === namespace ? [item] : []));
  const gifts: Gift[] = [];
  const outcome = applyPodDefaults(pod, usable, settings, gifts);
  return {
    pod: pod.metadata?.name ?? pod.metadata?.generateName ?? "",
    namespace,
    outcome: outcome.kind,
    podDefaults: [
      ...usable.map((podDefault) => explainOne(podDefault, pod, outcome, gifts)),
      ...malformed.map(
        ({ name, reasons }): PodDefaultExplanation => ({
          name,
          priority: 0,
          outcome: "malformed",
          reason: reasons.join("; "),
          gifts: [],
          missingContainers: [],
        }),
      ),
    ],
    conflicts: outcome.kind === "conflict" ? outcome.conflicts : [],
  };
}

const remarks: Readonly<Record<Gift["outcome"], string>> = {
  added: "",
  kept: " (there already)",
  replaced: " (replaces the pod's)",
  overruled: " (overruled by another PodDefault)",
};

function giftText({ field, key, container, outcome }: Gift): string {
  return `    ${container === undefined ? "pod" : `container "${container}"`}: ${field} "${key}"${remarks[outcome]}`;
}

function podDefaultText(item: PodDefaultExplanation): readonly string[] {
  const title = `  ${item.name}${item.priority === 0 ? "" : ` (priority ${item.priority})`}`;
  if (item.outcome !== "applied") return [`${title}: ${item.outcome}, ${item.reason}`];
  return [
    `${title}: applied`,
    ...item.gifts.map(giftText),
    ...item.missingContainers.map((name) => `    container "${name}": not in the pod`),
  ];
}

/** An explanation for a terminal. */
export function explanationText({ pod, namespace, podDefaults, conflicts }: Explanation): string {
  const applied = podDefaults.filter(({ outcome }) => outcome === "applied").length;
  const lines = [
    `pod ${namespace}/${pod}: ${applied} of ${podDefaults.length} PodDefaults applied`,
    ...podDefaults.flatMap(podDefaultText),
    ...(conflicts.length === 0
      ? []
      : ["  conflicts:", ...conflicts.map((conflict) => `    ${conflictText(conflict)}`)]),
  ];
  return `${lines.join("\n")}\n`;
}
