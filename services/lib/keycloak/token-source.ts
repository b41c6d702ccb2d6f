import type { Clock } from "../clock.ts";
import { KeycloakError } from "./errors.ts";

/** Who a program is in a realm; the secret is read anew for each token, because files are rotated. */
export interface Credentials {
  readonly realm: string;
  readonly clientId: string;
  readonly secret: () => string;
}

export interface TokenAnswer {
  readonly access_token?: string;
  /** Seconds. */
  readonly expires_in?: number;
}

/** Asks the token endpoint of a realm with a form. @throws KeycloakError */
export type AskToken = (realm: string, form: Readonly<Record<string, string>>) => Promise<TokenAnswer>;

/** Renewed when this part of its life is over, so that none expires under way. */
const USABLE_PART = 0.8;

/** An access token by client credentials, renewed in time, and asked for once by however many wait for it. */
export class TokenSource {
  readonly #credentials: Credentials;
  readonly #ask: AskToken;
  readonly #clock: Pick<Clock, "monotonicMs">;
  #token = "";
  #usableUntilMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<string> | undefined;

  constructor(credentials: Credentials, ask: AskToken, clock: Pick<Clock, "monotonicMs">) {
    this.#credentials = credentials;
    this.#ask = ask;
    this.#clock = clock;
  }

  /** @throws KeycloakError */
  async token(): Promise<string> {
    if (this.#clock.monotonicMs() < this.#usableUntilMs) return this.#token;
    this.#asking ??= this.#renew().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** Drops a token that was refused; a newer one stays. */
  forget(token: string): void {
    if (token === this.#token) this.#usableUntilMs = Number.NEGATIVE_INFINITY;
  }

  async #renew(): Promise<string> {
    const { realm, clientId, secret } = this.#credentials;
    const startedMs = this.#clock.monotonicMs();
    const form = { grant_type: "client_credentials", client_id: clientId, client_secret: secret() };
    const { access_token: token, expires_in: seconds = 0 } = await this.#ask(realm, form);
    if (!token) {
      throw new KeycloakError(`Keycloak gives client "${clientId}" of realm "${realm}" no token`, { status: 502 });
    }
    this.#token = token;
    this.#usableUntilMs = startedMs + seconds * 1000 * USABLE_PART;
    return token;
  }
}
