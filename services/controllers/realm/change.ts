/** One request to the Admin API, below the realm. */
export interface ChangeRequest {
  readonly method: "POST" | "PUT" | "DELETE";
  readonly at: string;
  readonly body?: unknown;
}

/** One thing that is not as it has to be, and the request that mends it. */
export interface Change {
  /** Such as `client hub`. */
  readonly object: string;
  /** What changes, in one line and without secrets. */
  readonly text: string;
  readonly request: ChangeRequest;
}

/** A change as people read it. */
export const changeText = ({ object, text }: Pick<Change, "object" | "text">): string => `${object}: ${text}`;

export const post = (at: string, body: unknown): ChangeRequest => ({ method: "POST", at, body });
export const put = (at: string, body?: unknown): ChangeRequest => ({ method: "PUT", at, body });
export const remove = (at: string): ChangeRequest => ({ method: "DELETE", at });

/** An object without some of its fields. */
export const without = (object: object, fields: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).filter(([field]) => !fields.includes(field)));
