import { KubeError } from "../../../../services/lib/kube/errors.ts";
import type { DiffResult } from "../../provider.ts";
import { diffValues, formatPath, isRecord, type PropertyDiff, type Props, UNKNOWN } from "../../values.ts";
import { annotationsOf, comparable, metadataOf } from "./object.ts";

const none: DiffResult = { changes: [], replace: false, deleteBeforeReplace: false };

/** Fields that name an object; another value is another object. */
export function identityChanges(old: Props, next: Props): PropertyDiff[] {
  const identity = (object: Props): Props => ({
    group: String(object["apiVersion"] ?? "")
      .split("/")
      .slice(0, -1)
      .join("/"),
    kind: object["kind"],
    metadata: { name: metadataOf(object)["name"], namespace: metadataOf(object)["namespace"] },
  });
  return diffValues(identity(old), identity(next)).map((change) => ({ ...change, replaces: true }));
}

const isReplacedOnChange = (kind: unknown): boolean => kind === "ConfigMap" || kind === "Secret";
const DATA = /^(data|binaryData|stringData|type|immutable)\b/;

/** Pulumi names an object that the program leaves unnamed, so a replacement can stand beside the old one. */
export const AUTONAMED = "pulumi.com/autonamed";
const isAutonamed = (inputs: Props): boolean => annotationsOf(inputs)[AUTONAMED] === "true";

/** What a dry-run apply would change in the live object. */
export function compare(inputs: Props, live: Props, applied: Props, unknown: readonly string[][]): DiffResult {
  const leaves = diffValues(comparable(live), comparable(applied));
  const later = unknown.map((parts): PropertyDiff => {
    const old = parts.reduce<unknown>(
      (value, part) => (isRecord(value) || Array.isArray(value) ? (value as Props)[part] : undefined),
      live,
    );
    const path = formatPath(parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part)));
    return { path, kind: old === undefined ? "add" : "update", ...(old === undefined ? {} : { old }), new: UNKNOWN };
  });
  const replaces = (change: PropertyDiff): boolean => isReplacedOnChange(inputs["kind"]) && DATA.test(change.path);
  const changes = [...leaves, ...later].map((change) => (replaces(change) ? { ...change, replaces: true } : change));
  if (changes.length === 0) return none;
  return { changes, replace: changes.some((change) => change.replaces), deleteBeforeReplace: !isAutonamed(inputs) };
}

/** A refusal by the API server because a field cannot be changed in place. */
export function isImmutable(error: unknown): boolean {
  if (!(error instanceof KubeError) || error.code !== 422) return false;
  return /immutable|may not be changed|updates to .* are forbidden|Forbidden: updates/i.test(error.message);
}

/** Every changed input makes a new object. */
export function replacement(old: Props, inputs: Props, error: unknown): DiffResult {
  const reason = error instanceof Error ? error.message : String(error);
  const changes = diffValues(old, inputs).map((change) => ({
    ...change,
    replaces: reason.includes(change.path.split(/[.[]/)[1] ?? ""),
  }));
  return { changes, replace: true, deleteBeforeReplace: !isAutonamed(inputs) };
}
