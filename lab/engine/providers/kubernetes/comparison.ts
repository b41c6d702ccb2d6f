import { KubeError } from "../../../../services/lib/kube/errors.ts";
import type { DiffResult } from "../../provider.ts";
import { diffValues, formatPath, isBelow, isRecord, type PropertyDiff, type Props, UNKNOWN } from "../../values.ts";
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

const IMMUTABLE = /immutable|(may not|cannot) (be )?change|updates to .* are forbidden|Forbidden: updates/i;

interface Cause {
  readonly field?: string;
  readonly message?: string;
}

/** What the API server has against an object, field by field. */
function causesOf(error: KubeError): readonly Cause[] {
  const causes = (error.details as { causes?: readonly Cause[] } | undefined)?.causes ?? [];
  return causes.length > 0 ? causes : [{ message: error.message }];
}

/** A refusal by the API server for no other reason than that fields cannot be changed in place. */
export function isImmutable(error: unknown): error is KubeError {
  return (
    error instanceof KubeError &&
    error.code === 422 &&
    causesOf(error).every(({ message }) => IMMUTABLE.test(message ?? ""))
  );
}

/** Every changed input makes a new object; the ones that the API server refuses to change are the reason. */
export function replacement(old: Props, inputs: Props, error: KubeError): DiffResult {
  const changes = diffValues(old, inputs);
  const fields = causesOf(error).flatMap(({ field }) => (field === undefined ? [] : [field]));
  const named = changes.filter(({ path }) => fields.some((field) => isBelow(path, field)));
  const reasons = named.length > 0 ? named : changes;
  return {
    changes: changes.map((change) => (reasons.includes(change) ? { ...change, replaces: true } : change)),
    replace: true,
    deleteBeforeReplace: !isAutonamed(inputs),
  };
}
