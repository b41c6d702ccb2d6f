import { createHash } from "node:crypto";
import type { Denial } from "../../../quota/denial.ts";
import type { ResourceRef } from "../../lib/kube/client.ts";

export const eventRef: ResourceRef = {
  apiVersion: "events.k8s.io/v1",
  kind: "Event",
  plural: "events",
  namespaced: true,
};

/** A review as far as Events are concerned. */
export interface Refused {
  readonly operation?: string;
  readonly namespace?: string;
  readonly dryRun?: boolean;
  readonly object?: { readonly metadata: { readonly namespace?: string; readonly ownerReferences?: unknown } } | null;
}

/** The object that makes a pod, in the pod's namespace. */
export interface Controller {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** `events.k8s.io/v1` Event, as far as it is written. */
export interface RefusalEvent {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly type: "Warning";
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly eventTime: string;
  readonly regarding: Controller;
  readonly reportingController: string;
  readonly reportingInstance: string;
}

/** In bytes; the API server takes no more. */
const NOTE_LIMIT = 1024;
const INSTANCE_LIMIT = 128;

interface Reference {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly name?: unknown;
  readonly uid?: unknown;
  readonly controller?: unknown;
}

/** Who makes the pod under review; nobody for a bare pod, or for one that a node shows of itself. */
export function controllerOf({ namespace, object }: Refused): Controller | undefined {
  const { metadata } = object ?? {};
  const references: unknown = metadata?.ownerReferences;
  if (!Array.isArray(references)) return undefined;
  const found = (references as (Reference | null)[]).find((reference) => reference?.controller === true);
  const within = namespace ?? metadata?.namespace;
  if (!found || within === undefined) return undefined;
  const { apiVersion, kind, name, uid } = found;
  if (typeof apiVersion !== "string" || typeof kind !== "string") return undefined;
  if (typeof name !== "string" || typeof uid !== "string" || kind === "Node") return undefined;
  return { apiVersion, kind, namespace: within, name, uid };
}

const ofKubernetes = /^(apps\/|batch\/v1$|v1$)/;

/**
 * Whether a controller says itself, in Events of its own with a count, that its pod was refused: all of Kubernetes' do,
 * as `FailedCreate` (kubernetes `pkg/controller/controller_utils.go`, `statefulset/stateful_pod_control.go`).
 */
export const countsItself = ({ apiVersion }: Controller): boolean => ofKubernetes.test(apiVersion);

/** A text of at most so many bytes of UTF-8. */
function cut(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= limit) return text;
  // A character that is cut in two reads as a replacement, which is no part of the text.
  const kept = bytes.subarray(0, limit - Buffer.byteLength("…"));
  return `${kept.toString("utf8").replace(/\uFFFD+$/, "")}…`;
}

/** Microseconds, as the API server reads times of Events. */
export const microTime = (ms: number): string => new Date(ms).toISOString().replace("Z", "000Z");

/** The same for the same refusal in the same window, whichever replica writes it. */
export function eventName(
  { apiVersion, kind, namespace, name, uid }: Controller,
  { reason, message }: Pick<Denial, "reason" | "message">,
  window: number,
) {
  const hash = createHash("sha256")
    .update(JSON.stringify([apiVersion, kind, namespace, name, uid, reason, message, window]))
    .digest("hex");
  return `admission.${hash.slice(0, 24)}`;
}

/** Why a controller's pod was refused, as `kubectl describe` shows it on the controller. */
export function refusalEvent(
  name: string,
  controller: Controller,
  { reason, message }: Pick<Denial, "reason" | "message">,
  { nowMs, instance }: { readonly nowMs: number; readonly instance: string },
): RefusalEvent {
  return {
    apiVersion: eventRef.apiVersion,
    kind: eventRef.kind,
    metadata: { name, namespace: controller.namespace },
    type: "Warning",
    reason,
    action: "CreatePod",
    note: cut(message, NOTE_LIMIT),
    eventTime: microTime(nowMs),
    regarding: controller,
    reportingController: "carrel.dev/admission",
    reportingInstance: cut(instance, INSTANCE_LIMIT) || "admission",
  };
}
