import { UserError } from "../user-error.ts";

export interface KeycloakErrorOptions {
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** An answer of Keycloak that is not a success, or none at all. Its message never has a secret in it. */
export class KeycloakError extends UserError {
  readonly status: number;
  /** When Keycloak wants to be asked again at the earliest, where it said so. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { status, retryAfterMs, cause }: KeycloakErrorOptions) {
    super(status === 0 ? "keycloak-unreachable" : `keycloak-${status}`, message, cause === undefined ? {} : { cause });
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

const hasStatus = (error: unknown, isOne: (status: number) => boolean): boolean =>
  error instanceof KeycloakError && isOne(error.status);

export const isNotFound = (error: unknown): boolean => hasStatus(error, (status) => status === 404);
export const isConflict = (error: unknown): boolean => hasStatus(error, (status) => status === 409);
/** Who asks is not known, or may not do it: asking again changes nothing. */
export const isRefused = (error: unknown): boolean => hasStatus(error, (status) => status === 401 || status === 403);
/** Keycloak is down, starting, or too busy: the same request may work later. */
export const isUnavailable = (error: unknown): boolean =>
  hasStatus(error, (status) => status === 0 || status === 429 || status >= 500);
