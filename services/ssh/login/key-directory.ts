import { reasonOf } from "../../lib/log.ts";
import { ask, fieldsOf } from "../hub/http.ts";

const LONGEST_REASON = 200;

/** A public key as the client sent it. */
export interface PublicKey {
  readonly user: string;
  /** `ssh-ed25519`, `rsa-sha2-512`, ... */
  readonly algorithm: string;
  /** The key in SSH's wire format. */
  readonly key: Buffer;
}

/** A login that the client signed (RFC 4252, section 7). */
export interface SignedLogin extends PublicKey {
  readonly signed: Buffer;
  /** By ECDSA in DER, else as in SSH. */
  readonly signature: Buffer;
}

export type KeyToken =
  | { readonly ok: true; readonly token: string }
  | { readonly ok: false; readonly reason: "refused" | "unavailable"; readonly detail: string };

/** Knows which keys people registered, and gives a short-lived token of the hub for a login that one of them signed. */
export interface KeyDirectory {
  isRegistered(key: PublicKey): Promise<boolean>;
  tokenFor(login: SignedLogin): Promise<KeyToken>;
}

/**
 * The hub, where people register their keys. It gets the signed login and checks the signature itself, so that a
 * gateway that was taken over can ask for nobody but those who log in to it.
 */
export class KeyService implements KeyDirectory {
  readonly #url: URL;
  readonly #secret: string;

  /** @param secret that the service knows the gateway by */
  constructor(url: URL, secret: string) {
    this.#url = url;
    this.#secret = secret;
  }

  async isRegistered(key: PublicKey): Promise<boolean> {
    try {
      const { status } = await this.#post({ ...named(key) });
      return status === 200;
    } catch {
      return false;
    }
  }

  async tokenFor(login: SignedLogin): Promise<KeyToken> {
    try {
      const { signed, signature } = login;
      const proof = { signed: signed.toString("base64"), signature: signature.toString("base64") };
      const { status, text } = await this.#post({ ...named(login), ...proof });
      const { token, message } = fieldsOf(text);
      if (status === 200 && typeof token === "string") return { ok: true, token };
      if (status === 403) return { ok: false, reason: "refused", detail: refusalOf(message) };
      return { ok: false, reason: "unavailable", detail: `the key service answered ${status}` };
    } catch (error) {
      return { ok: false, reason: "unavailable", detail: `the key service does not answer: ${reasonOf(error)}` };
    }
  }

  #post(body: object): ReturnType<typeof ask> {
    return ask(this.#url, { method: "POST", token: this.#secret, body });
  }
}

/** Why the service says no, for the log. */
const refusalOf = (message: unknown): string =>
  typeof message === "string" && message !== "" ? message.slice(0, LONGEST_REASON) : "the key service gives no reason";

const named = ({ user, algorithm, key }: PublicKey): object => ({ user, algorithm, key: key.toString("base64") });
