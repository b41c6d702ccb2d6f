/** A mistake that the reader of the message can mend: what is wrong, where, what was given, how to fix it. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly code: string;
  /** Every single problem, where several were found in one go. */
  readonly problems: readonly string[];

  constructor(code: string, message: string, options: { problems?: readonly string[]; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.problems = options.problems ?? [message];
  }
}
