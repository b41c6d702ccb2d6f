/** Two values for one place of a pod; where there is one, no PodDefault is applied. */
export interface Conflict {
  /** The PodDefault that cannot be applied. */
  readonly podDefault: string;
  /** As in the manifest: `env`, `volumes`, `labels`. */
  readonly field: string;
  /** Which element of the field: a name, a path, a label's key. */
  readonly key: string;
  /** Absent for fields of the whole pod. */
  readonly container?: string;
  /** The PodDefault that set the other value; absent, the pod itself has it. */
  readonly other?: string;
  readonly value: unknown;
  readonly otherValue: unknown;
}

const MAX_VALUE_LENGTH = 200;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= MAX_VALUE_LENGTH ? text : `${text.slice(0, MAX_VALUE_LENGTH)}…`;
}

/** Object, field and both values in one line. */
export function conflictText({ podDefault, field, key, container, other, value, otherValue }: Conflict): string {
  const where = container === undefined ? "" : ` of container "${container}"`;
  const owner = other === undefined ? "the pod has" : `PodDefault "${other}" sets`;
  return `PodDefault "${podDefault}" sets ${field} "${key}"${where} to ${shown(value)}, but ${owner} ${shown(otherValue)}`;
}

/** The line that a person reads whose pod was refused. */
export function conflictMessage(conflicts: readonly Conflict[]): string {
  const one = conflicts.length === 1 ? "a conflict" : `${conflicts.length} conflicts`;
  return `no PodDefault is applied because of ${one}: ${conflicts.map(conflictText).join("; ")}`;
}
