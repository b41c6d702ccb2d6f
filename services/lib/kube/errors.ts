interface StatusBody {
  readonly kind?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly details?: unknown;
}

function isStatus(body: unknown): body is StatusBody {
  return typeof body === "object" && body !== null && (body as StatusBody).kind === "Status";
}

/** An answer of the API server that is not a success, with its `Status` where it sent one. */
export class KubeError extends Error {
  override readonly name = "KubeError";
  /** HTTP status code. */
  readonly code: number;
  /** `Status.reason`, e.g. `NotFound`, `Conflict`, `AlreadyExists`. */
  readonly reason: string;
  readonly details: unknown;
  readonly body: unknown;
  /** When the server wants to be asked again at the earliest, where it said so. */
  readonly retryAfterMs: number | undefined;

  constructor(code: number, body: unknown, request: string, retryAfterMs?: number) {
    const status = isStatus(body) ? body : {};
    super(status.message ?? `${request}: HTTP ${code}`);
    this.code = code;
    this.reason = status.reason ?? "";
    this.details = status.details;
    this.body = body;
    this.retryAfterMs = retryAfterMs;
  }
}

export const isNotFound = (error: unknown): boolean => error instanceof KubeError && error.code === 404;
export const isConflict = (error: unknown): boolean => error instanceof KubeError && error.code === 409;
/** The version that was asked for is older than the history that the server keeps. */
export const isGone = (error: unknown): boolean => error instanceof KubeError && error.code === 410;
