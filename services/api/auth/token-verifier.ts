import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { Clock } from "../../lib/clock.ts";

export interface TokenVerifierOptions {
  /** The realm, as tokens name it. */
  readonly issuer: string;
  /** A token is for us if it names one of these. */
  readonly audiences: readonly string[];
  readonly keyFor: JWTVerifyGetKey;
  readonly clock: Pick<Clock, "now">;
}

/** Whose token it is, or why it is nobody's. */
export type Verified =
  | { readonly ok: true; readonly subject: string; readonly userName: string }
  | { readonly ok: false; readonly reason: string };

/** Signatures with a private key only: with a shared one, whoever can check could sign. */
const ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"];
const CLOCK_SKEW_SECONDS = 60;
/** Keycloak's types of access and ID tokens; it signs others, such as logout tokens, with the same keys. */
const TYPES: readonly unknown[] = ["Bearer", "ID"];

function identityIn({ sub, preferred_username: userName, typ, cnf }: JWTPayload): Verified {
  if (!TYPES.includes(typ))
    return { ok: false, reason: `a token of type ${JSON.stringify(typ ?? null)} is for something else` };
  // Such a token is good only together with a proof that we do not check.
  if (cnf !== undefined) return { ok: false, reason: "the token is bound to a key" };
  if (typeof sub !== "string" || typeof userName !== "string" || userName === "") {
    return { ok: false, reason: "the token names nobody" };
  }
  return { ok: true, subject: sub, userName };
}

/** Checks access and ID tokens of people: signature, issuer, audience, times and type. */
export class TokenVerifier {
  readonly #options: TokenVerifierOptions;

  constructor(options: TokenVerifierOptions) {
    this.#options = options;
  }

  /** @throws ApiError where the keys are not known */
  async verify(token: string): Promise<Verified> {
    const { issuer, audiences, keyFor, clock } = this.#options;
    try {
      const { payload } = await jwtVerify(token, keyFor, {
        issuer,
        audience: [...audiences],
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_SKEW_SECONDS,
        currentDate: new Date(clock.now()),
        requiredClaims: ["exp", "iat", "sub"],
      });
      return identityIn(payload);
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      return { ok: false, reason: error.code };
    }
  }
}
