import { type Conflict, conflictMessage } from "./conflict.ts";
import { mergeAffinity } from "./merge/affinity.ts";
import { mergeCommand } from "./merge/command.ts";
import { broughtContainers, mergeContainers } from "./merge/containers.ts";
import { mergeEnv } from "./merge/env.ts";
import { mergeEnvFrom } from "./merge/env-from.ts";
import { mergeImagePullSecrets } from "./merge/image-pull-secrets.ts";
import type { Gift, Merge, Target } from "./merge/keyed-list.ts";
import { mergeAnnotations, mergeLabels, stampProvenance } from "./merge/metadata.ts";
import { mergeNodeSelector } from "./merge/node-selector.ts";
import { mergeServiceAccount } from "./merge/service-account.ts";
import { mergeTolerations } from "./merge/tolerations.ts";
import { mergeVolumeMounts } from "./merge/volume-mounts.ts";
import { mergeVolumes } from "./merge/volumes.ts";
import { type Operation, PatchWriter } from "./patch.ts";
import { exemption, selectPodDefaults } from "./select.ts";
import { meshProxies, type Pod, type PodDefault } from "./types.ts";

export interface ApplySettings {
  /** Containers that get no container fields, where a PodDefault does not say which. @default mesh proxies */
  readonly untouchedContainers: ReadonlySet<string>;
}

export const defaultSettings: ApplySettings = { untouchedContainers: meshProxies };

/** What is to be done with a pod. */
export type Outcome =
  | { readonly kind: "untouched"; readonly reason: "excluded" | "mirror" | "unselected" }
  /** The operations are empty where the pod has everything already. */
  | { readonly kind: "applied"; readonly operations: readonly Operation[]; readonly podDefaults: readonly PodDefault[] }
  /** Nothing is applied, as upstream, which refuses the pod. */
  | {
      readonly kind: "conflict";
      readonly conflicts: readonly Conflict[];
      readonly message: string;
      readonly podDefaults: readonly PodDefault[];
    };

/** The merge of one field, and whether a PodDefault has anything for it. */
type FieldMerge<Run> = readonly [run: Run, hasAny: (podDefault: PodDefault) => boolean];
type ContainerMerge = (merge: Merge, target: Target) => void;
type PodMerge = (merge: Merge) => void;

const containerMerges: readonly FieldMerge<ContainerMerge>[] = [
  [mergeEnv, ({ env }) => env.length > 0],
  [mergeEnvFrom, ({ envFrom }) => envFrom.length > 0],
  [mergeVolumeMounts, ({ volumeMounts }) => volumeMounts.length > 0],
  [mergeCommand, ({ command, args }) => command !== undefined || args !== undefined],
];
const hasServiceAccount = ({ serviceAccountName, automountServiceAccountToken }: PodDefault): boolean =>
  serviceAccountName !== undefined || automountServiceAccountToken !== undefined;
const podMerges: readonly FieldMerge<PodMerge>[] = [
  [mergeVolumes, ({ volumes }) => volumes.length > 0],
  [mergeTolerations, ({ tolerations }) => tolerations.length > 0],
  [mergeImagePullSecrets, ({ imagePullSecrets }) => imagePullSecrets.length > 0],
  [mergeNodeSelector, ({ nodeSelector }) => nodeSelector.length > 0],
  [mergeAffinity, ({ affinity }) => affinity.nodeTerms.length + affinity.lists.length > 0],
  [mergeServiceAccount, hasServiceAccount],
  [mergeLabels, ({ labels }) => labels.length > 0],
  [mergeAnnotations, ({ annotations }) => annotations.length > 0],
  // After the fields of the pod's own containers, whose positions they do not move.
  [mergeContainers, ({ initContainers, sidecars }) => initContainers.length + sidecars.length > 0],
];

/** The merges that have anything to do: most PodDefaults have two or three fields. */
function needed<Run>(merges: readonly FieldMerge<Run>[], sources: readonly PodDefault[]): readonly Run[] {
  const runs: Run[] = [];
  for (const [run, hasAny] of merges) if (sources.some(hasAny)) runs.push(run);
  return runs;
}

/** Whether a PodDefault's container fields are meant for a container; init containers have to be named. */
function isFor(podDefault: PodDefault, name: string, list: string, settings: ApplySettings): boolean {
  const { targetContainers, untouchedContainers = settings.untouchedContainers } = podDefault;
  if (untouchedContainers.has(name)) return false;
  return targetContainers === undefined ? list === "containers" : targetContainers.has(name);
}

function mergeContainerFields(
  merge: Merge,
  list: "containers" | "initContainers",
  brought: ReadonlySet<string>,
  settings: ApplySettings,
): void {
  const containers = merge.pod.spec?.[list] ?? [];
  if (containers.length === 0) return;
  const merges = needed(containerMerges, merge.sources);
  containers.forEach((container, index) => {
    if (brought.has(container.name)) return;
    const sources = merge.sources.filter((podDefault) => isFor(podDefault, container.name, list, settings));
    if (sources.length === 0) return;
    const target: Target = { path: ["spec", list, index], container, sources };
    for (const mergeField of merges) mergeField(merge, target);
  });
}

/**
 * Decides what PodDefaults do to a pod, as operations on the pod as it is. Where one value conflicts, nothing is done.
 * @param podDefaults of the pod's namespace, in order
 * @param gifts gets every single thing that a PodDefault has for the pod
 */
export function applyPodDefaults(
  pod: Pod,
  podDefaults: readonly PodDefault[],
  settings: ApplySettings = defaultSettings,
  gifts?: Gift[],
): Outcome {
  if (podDefaults.length === 0) return { kind: "untouched", reason: "unselected" };
  const exempt = exemption(pod);
  if (exempt) return { kind: "untouched", reason: exempt };
  const sources = selectPodDefaults(pod, podDefaults);
  if (sources.length === 0) return { kind: "untouched", reason: "unselected" };
  const patch = new PatchWriter(pod);
  const conflicts: Conflict[] = [];
  const merge: Merge = { pod, sources, patch, conflicts, ...(gifts ? { gifts } : {}) };
  const brought = broughtContainers(sources);
  mergeContainerFields(merge, "initContainers", brought, settings);
  mergeContainerFields(merge, "containers", brought, settings);
  for (const mergeField of needed(podMerges, sources)) mergeField(merge);
  if (conflicts.length > 0) {
    return { kind: "conflict", conflicts, message: conflictMessage(conflicts), podDefaults: sources };
  }
  stampProvenance(merge);
  return { kind: "applied", operations: patch.operations, podDefaults: sources };
}
