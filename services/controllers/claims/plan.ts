import { parseQuantity } from "../../../quota/quantity.ts";
import type { KubeObject } from "../../lib/kube/client.ts";
import type { Finding } from "../condition.ts";
import type { WantedClaim } from "./wanted.ts";

/** A claim as far as it is read here. */
export interface LiveClaim extends KubeObject {
  readonly spec: {
    readonly resources?: { readonly requests?: { readonly storage?: string } };
    readonly storageClassName?: string;
  };
  readonly status?: { readonly phase?: string; readonly capacity?: { readonly storage?: string } };
}

/** On a claim: since when nothing has asked for it. */
export const ORPHANED_SINCE = "carrel.dev/orphaned-since";

/** What has to be done; nothing here makes a claim smaller or removes it. */
export type ClaimAction =
  | { readonly kind: "none" }
  | { readonly kind: "create" }
  /** Sizes as they are written. */
  | { readonly kind: "grow"; readonly from: string; readonly to: string }
  /** Says on the claim since when it is an orphan, or that it is one no more. */
  | { readonly kind: "mark"; readonly since: string | undefined };

/** How claims can be, as the metric tells them. */
export const claimStates = [
  "bound",
  "pending",
  "lost",
  "terminating",
  "refused",
  "invalid",
  "foreign",
  "orphaned",
] as const;
export type ClaimState = (typeof claimStates)[number];

export interface ClaimFinding extends Pick<Finding, "status" | "reason" | "message"> {
  readonly state: ClaimState;
}

const requested = ({ spec }: LiveClaim): string => spec.resources?.requests?.storage ?? "0";
const isBound = ({ status }: LiveClaim): boolean => status?.phase === "Bound";
const isGoing = ({ metadata }: LiveClaim): boolean => metadata.deletionTimestamp !== undefined;
const bytesOf = (size: string): bigint => parseQuantity(size, "whole");

/** Compares a claim of ours with what asks for it. @throws QuantityError for a size that Kubernetes did not write */
export function planClaim(wanted: WantedClaim | undefined, live: LiveClaim | undefined, nowMs: number): ClaimAction {
  if (live === undefined) return wanted === undefined ? { kind: "none" } : { kind: "create" };
  const since = live.metadata.annotations?.[ORPHANED_SINCE];
  if (isGoing(live)) return { kind: "none" };
  if (wanted === undefined) {
    return since === undefined ? { kind: "mark", since: new Date(nowMs).toISOString() } : { kind: "none" };
  }
  if (since !== undefined) return { kind: "mark", since: undefined };
  // The API server lets no claim grow that has no volume yet.
  if (!isBound(live) || bytesOf(requested(live)) >= wanted.bytes) return { kind: "none" };
  return { kind: "grow", from: requested(live), to: wanted.size };
}

/** The merge patch of an action on a claim that is there; a claim that changed meanwhile is not patched. */
export function claimPatch(action: ClaimAction, { metadata }: LiveClaim): object | undefined {
  const { resourceVersion } = metadata;
  if (action.kind === "grow") {
    return { metadata: { resourceVersion }, spec: { resources: { requests: { storage: action.to } } } };
  }
  if (action.kind !== "mark") return undefined;
  return { metadata: { resourceVersion, annotations: { [ORPHANED_SINCE]: action.since ?? null } } };
}

/** What people should know of a claim that can be used. */
function notes({ bytes, size, storageClass }: WantedClaim, live: LiveClaim): string[] {
  const has = requested(live);
  const capacity = live.status?.capacity?.storage ?? has;
  const { storageClassName } = live.spec;
  return [
    ...(bytesOf(has) > bytes ? [`it has ${has}, more than the ${size} that are asked for: a claim never shrinks`] : []),
    ...(bytesOf(has) > bytesOf(capacity) ? [`it grows from ${capacity} to ${has}`] : []),
    ...(storageClass === undefined || storageClass === storageClassName
      ? []
      : [`it is of the class ${storageClassName}, not ${storageClass}: a claim keeps its class`]),
  ];
}

/** How a claim of ours is. */
export function claimFinding(wanted: WantedClaim, live: LiveClaim): ClaimFinding {
  const { name } = wanted;
  if (isGoing(live)) {
    const message = `somebody deletes claim ${name}: it goes once no pod mounts it, and an empty one is made then`;
    return { state: "terminating", status: "False", reason: "Terminating", message };
  }
  if (live.status?.phase === "Lost") {
    const message = `claim ${name} has lost its PersistentVolume: bring that back, or delete the claim to have an empty one`;
    return { state: "lost", status: "False", reason: "Lost", message };
  }
  if (!isBound(live)) {
    const message = `claim ${name} waits for a volume: kubectl describe pvc ${name} says for what; some classes wait for the first pod`;
    return { state: "pending", status: "Unknown", reason: "Pending", message };
  }
  return { state: "bound", status: "True", reason: "Bound", message: notes(wanted, live).join("; ") };
}

/** @param error what the API server says @param live nothing where there is no claim yet */
export function refusedFinding(name: string, live: LiveClaim | undefined, error: string): ClaimFinding {
  const message =
    live === undefined
      ? `claim ${name} cannot be made: ${error}`
      : `claim ${name} stays at ${requested(live)}, and is mounted as before: ${error}`;
  return { state: "refused", status: "False", reason: live === undefined ? "NotMade" : "NotGrown", message };
}

/** A claim of the right name that was not made here. */
export const foreignFinding = (name: string): ClaimFinding => ({
  state: "foreign",
  status: "False",
  reason: "NotOurs",
  message: `there is a claim ${name} that Carrel has not made, and it is left alone: delete it, or hand it over by the labels of docs/guides/storage.md`,
});

/** A Group or Volume that asks for what no claim can be. */
export const invalidFinding = (error: string): ClaimFinding => ({
  state: "invalid",
  status: "False",
  reason: "Invalid",
  message: error,
});
