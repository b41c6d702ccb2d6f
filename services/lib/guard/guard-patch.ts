/** The init container that hubs put into their pods: it cannot start, so a pod only runs where admission removed it. */
export const GUARD_NAME = "admission-is-not-found";

/** The part of a pod in which the guard stands. */
export interface GuardedPod {
  readonly spec?: { readonly initContainers?: readonly ({ readonly name?: string } | null)[] | null } | null;
}

/** One operation of RFC 6902. */
export type GuardOperation =
  | { readonly op: "test"; readonly path: string; readonly value: string }
  | { readonly op: "remove"; readonly path: string };

/** The patch, and what to tell the pod's author where the guard had to stay. */
export interface GuardPatch {
  readonly operations: readonly GuardOperation[];
  readonly warning: string | undefined;
}

const STAYS = `init container ${GUARD_NAME} stays, and the pod will not start: quota cannot be decided yet, create the pod again`;

function guardsIn({ spec }: GuardedPod): readonly number[] {
  const containers = spec?.initContainers;
  if (!Array.isArray(containers)) return [];
  return containers.flatMap((container, i) => (container?.name === GUARD_NAME ? [i] : []));
}

/**
 * Removes the guard, and no other init container.
 * @param isReady whether this process can decide quota now; the guard promises that somebody will
 */
export function guardPatch(pod: GuardedPod, isReady: boolean): GuardPatch {
  const guards = guardsIn(pod);
  if (guards.length === 0) return { operations: [], warning: undefined };
  if (!isReady) return { operations: [], warning: STAYS };
  // The last first: what stands before a removed container keeps its position. The tests say that no other is removed.
  const operations = guards.toReversed().flatMap((i): GuardOperation[] => [
    { op: "test", path: `/spec/initContainers/${i}/name`, value: GUARD_NAME },
    { op: "remove", path: `/spec/initContainers/${i}` },
  ]);
  return { operations, warning: undefined };
}
