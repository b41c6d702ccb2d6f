import { UserError } from "../../../../services/lib/user-error.ts";
import { hasUnknown, isRecord, mapValue, type Props, UNKNOWN } from "../../values.ts";

/** An object as the API server answers it. */
export type KubeJson = Props & { apiVersion: string; kind: string; metadata: Props & { name: string } };

const UNSUPPORTED = /^kubernetes:(yaml|helm\.sh|kustomize|index)[/:]/;
/** Of the SDK's own kinds alone: somebody's definition may well be called a `WaitList`. */
const UNSUPPORTED_KIND = /^kubernetes:([^./]+|[^/]+\.k8s\.io)\/[^:]+:\w+(Patch|List)$/;

/** @throws UserError for types that are not one object of the API server */
export function refuseUnsupported(type: string): void {
  if (!UNSUPPORTED.test(type) && !UNSUPPORTED_KIND.test(type)) return;
  throw new UserError(
    "type-unsupported",
    `the lab's engine does not support ${type}: declare the objects one by one, or use Pulumi's CLI (ENGINE=pulumi)`,
  );
}

/** The API version and kind that a Pulumi type stands for, e.g. `kubernetes:core/v1:Pod`. */
export function kindOf(type: string): { readonly apiVersion: string; readonly kind: string } {
  const [, apiVersion = "", kind = ""] = type.split(":");
  return { apiVersion: apiVersion.replace(/^core\//, ""), kind };
}

const UNSUPPORTED_ANNOTATIONS = [
  "pulumi.com/waitFor",
  "pulumi.com/replaceUnready",
  "pulumi.com/deletionPropagationPolicy",
];

export const metadataOf = (object: Props): Props => (isRecord(object["metadata"]) ? object["metadata"] : {});
export const nameOf = (object: Props): string => String(metadataOf(object)["name"] ?? "");

export function annotationsOf(object: Props): Props {
  const annotations = metadataOf(object)["annotations"];
  return isRecord(annotations) ? annotations : {};
}

/** What is wrong with the inputs of an object, before the API server is asked. */
export function problemsOf(inputs: Props): { property: string; reason: string }[] {
  const problems = UNSUPPORTED_ANNOTATIONS.filter((key) => key in annotationsOf(inputs)).map((key) => ({
    property: `metadata.annotations["${key}"]`,
    reason: "is not supported by the lab's engine",
  }));
  if (metadataOf(inputs)["generateName"] !== undefined) {
    problems.push({
      property: "metadata.generateName",
      reason: "is not supported by the lab's engine: leave the name out",
    });
  }
  for (const field of ["apiVersion", "kind"]) {
    if (typeof inputs[field] !== "string") problems.push({ property: field, reason: "has to be a text" });
  }
  return problems;
}

/** `namespace/name`, or the name alone for what has no namespace. */
export function idOf(object: Props): string {
  const { namespace, name } = metadataOf(object);
  return typeof namespace === "string" ? `${namespace}/${name}` : String(name);
}

/** The object without what the server keeps for itself. */
export function stripped(object: Props): Props {
  const { managedFields: _fields, ...metadata } = metadataOf(object);
  return { ...object, metadata };
}

const SERVER_METADATA = ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"];

/** An object before it is made: what the server fills in for others to read is not known yet. */
export function foreseen(inputs: Props): Props {
  const filledIn = ["uid", "resourceVersion", "creationTimestamp", "generation"].map((key) => [key, UNKNOWN] as const);
  const metadata = { ...metadataOf(inputs), ...Object.fromEntries(filledIn) };
  const { apiVersion, kind, spec } = inputs;
  if (apiVersion !== "v1" || kind !== "Service" || !isRecord(spec)) return { ...inputs, metadata, status: UNKNOWN };
  return { ...inputs, metadata, spec: { clusterIP: UNKNOWN, clusterIPs: UNKNOWN, ...spec }, status: UNKNOWN };
}

/** The part of an object that a declaration can differ in. */
export function comparable(object: Props): Props {
  const { status: _status, ...rest } = object;
  const metadata = Object.fromEntries(
    Object.entries(metadataOf(object)).filter(([key]) => !SERVER_METADATA.includes(key)),
  );
  return { ...rest, metadata };
}

/**
 * A Secret with its texts where the server keeps them: it writes `stringData` into `data`, but never takes out again
 * what is no longer given.
 */
export function withTextsAsData(inputs: Props): Props {
  const { stringData: texts, ...rest } = inputs;
  if (inputs["apiVersion"] !== "v1" || inputs["kind"] !== "Secret" || texts === undefined) return inputs;
  if (!isRecord(texts) || rest["data"] === UNKNOWN) return { ...rest, data: UNKNOWN };
  const encoded = Object.entries(texts).map(([key, text]): [string, unknown] => [
    key,
    typeof text === "string" ? Buffer.from(text).toString("base64") : text,
  ]);
  return { ...rest, data: { ...(rest["data"] as Props | undefined), ...Object.fromEntries(encoded) } };
}

/** The inputs with what is unknown taken from the live object, and the places where that was done. */
export function withKnown(
  inputs: unknown,
  live: unknown,
  at: readonly string[] = [],
): { value: unknown; unknown: string[][] } {
  if (inputs === UNKNOWN) return { value: live, unknown: [[...at]] };
  if (!hasUnknown(inputs)) return { value: inputs, unknown: [] };
  const unknown: string[][] = [];
  const child = (value: unknown, key: string | number): unknown => {
    const inside = withKnown(value, (live as Record<string | number, unknown> | undefined)?.[key], [
      ...at,
      String(key),
    ]);
    unknown.push(...inside.unknown);
    return inside.value;
  };
  const value = Array.isArray(inputs)
    ? inputs.map(child)
    : Object.fromEntries(
        Object.entries(inputs as Props)
          .map(([key, item]) => [key, child(item, key)] as const)
          .filter(([, item]) => item !== undefined),
      );
  return { value, unknown };
}

/** Without nulls, which server-side apply would take for values. */
export const withoutNulls = (inputs: Props): Props =>
  mapValue(inputs, (leaf) =>
    isRecord(leaf) && Object.values(leaf).some((item) => item === null)
      ? withoutNulls(Object.fromEntries(Object.entries(leaf).filter(([, item]) => item !== null)))
      : leaf,
  ) as Props;

/** Whether a manager of this name has applied the object. */
export function isManagedBy(object: Props, manager: string): boolean {
  const fields = metadataOf(object)["managedFields"];
  return Array.isArray(fields) && fields.some((entry) => isRecord(entry) && entry["manager"] === manager);
}
