import { GraphQLError } from "graphql";

/** Codes of errors that callers may see, each with its HTTP status where nothing was answered. */
export const errorCodes = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  BAD_REQUEST: 400,
  UNAVAILABLE: 503,
  TIMEOUT: 504,
  INTERNAL: 500,
} as const;
export type ErrorCode = keyof typeof errorCodes;

/** An error whose message is for the caller. */
export class ApiError extends GraphQLError {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message, { extensions: { code } });
    this.code = code;
  }
}

/** One answer for what is not there and for what may not be seen, so that neither tells of the other. */
export const forbidden = (field: string): ApiError => new ApiError("FORBIDDEN", `${field}: you may not see this`);

export const unavailable = (what: string): ApiError => new ApiError("UNAVAILABLE", `${what}: try again`);
