import { createHash } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import type { HubClient, ServerRef } from "../hub/hub-client.ts";
import { type AttemptLimit, Attempts } from "./attempts.ts";
import type { KeyDirectory, PublicKey, SignedLogin } from "./key-directory.ts";
import { parseLoginName } from "./login-name.ts";
import { cleanToken } from "./token.ts";

/** Who logged in, and the token that everything is done with from then on. */
export interface Login extends ServerRef {
  readonly token: string;
  /** The hub's name of the token, which is no secret. */
  readonly tokenId: string;
  /** `SHA256:...` of the key, where one was used. */
  readonly fingerprint?: string;
}

export type LoginFailure = "limited" | "no-name" | "no-token" | "refused" | "other-user" | "unavailable";

export type LoginResult =
  | { readonly ok: true; readonly login: Login }
  | { readonly ok: false; readonly reason: LoginFailure; readonly detail: string };

export interface Limits {
  /** Failures from one address. */
  readonly address: AttemptLimit;
  /** Failures for one user name, from anywhere. */
  readonly user: AttemptLimit;
}

export const defaultLimits: Limits = {
  address: { burst: 20, refillMs: 6_000 },
  user: { burst: 10, refillMs: 6_000 },
};

export interface AuthenticatorOptions {
  readonly hub: Pick<HubClient, "identify">;
  readonly clock: Clock;
  readonly keys?: KeyDirectory;
  readonly limits?: Limits;
}

/** Where a login comes from; an address that many people share is undefined, and is not limited. */
export interface Origin {
  readonly name: string;
  readonly address: string | undefined;
}

const no = (reason: LoginFailure, detail: string): LoginResult => ({ ok: false, reason, detail });

/** As OpenSSH shows it. */
export const fingerprintOf = (key: Buffer): string =>
  `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;

/** Decides who may log in: the hub has to know the token, and its owner has to be the user that SSH names. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #addresses: Attempts;
  readonly #users: Attempts;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    const { address, user } = options.limits ?? defaultLimits;
    this.#addresses = new Attempts(address);
    this.#users = new Attempts(user);
  }

  /** @param pasted the token, as people paste it */
  withToken(origin: Origin, pasted: string): Promise<LoginResult> {
    return this.#limited(origin, async (ref) => {
      const token = cleanToken(pasted);
      if (token === undefined) return no("no-token", "what was given cannot be a token");
      return this.#identified(ref, token);
    });
  }

  /** Whether a signature by the key is worth asking for. Clients offer every key that they have, so this costs nothing. */
  async mayUse({ name, address }: Origin, key: Omit<PublicKey, "user">): Promise<boolean> {
    const ref = parseLoginName(name);
    if (ref === undefined || this.#options.keys === undefined || this.#isLimited(ref, address)) return false;
    return this.#options.keys.isRegistered({ ...key, user: ref.user });
  }

  /** @param login of which the caller has checked the signature */
  withKey(origin: Origin, login: Omit<SignedLogin, "user">): Promise<LoginResult> {
    return this.#limited(origin, async (ref) => {
      const answer = await this.#options.keys?.tokenFor({ ...login, user: ref.user });
      if (answer === undefined) return no("refused", "no keys can be registered here");
      if (!answer.ok) return no(answer.reason, answer.detail);
      const result = await this.#identified(ref, answer.token);
      return result.ok ? { ok: true, login: { ...result.login, fingerprint: fingerprintOf(login.key) } } : result;
    });
  }

  async #identified(ref: ServerRef, token: string): Promise<LoginResult> {
    const identity = await this.#options.hub.identify(token);
    if (!identity.ok) return no(identity.reason, identity.detail);
    if (identity.name !== ref.user) return no("other-user", "the token belongs to another user");
    return { ok: true, login: { ...ref, token, tokenId: identity.tokenId } };
  }

  async #limited(origin: Origin, attempt: (ref: ServerRef) => Promise<LoginResult>): Promise<LoginResult> {
    const ref = parseLoginName(origin.name);
    if (ref === undefined) return no("no-name", "the user name cannot be one of the hub's");
    if (this.#isLimited(ref, origin.address)) return no("limited", "too many failures");
    const result = await attempt(ref);
    // A hub that does not answer is nobody's failure.
    if (!result.ok && result.reason !== "unavailable") this.#charge(ref, origin.address);
    return result;
  }

  #isLimited({ user }: ServerRef, address: string | undefined): boolean {
    const now = this.#options.clock.monotonicMs();
    return !this.#users.allows(user, now) || (address !== undefined && !this.#addresses.allows(address, now));
  }

  #charge({ user }: ServerRef, address: string | undefined): void {
    const now = this.#options.clock.monotonicMs();
    this.#users.charge(user, now);
    if (address !== undefined) this.#addresses.charge(address, now);
  }
}
