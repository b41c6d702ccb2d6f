import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";

/** Leave for one new account in one group. */
export interface Invitation {
  /** The account that it makes carries it, so that it makes no second one. */
  readonly id: string;
  /** The exact name. */
  readonly group: string;
  /** User name. */
  readonly inviter: string;
  /** Whose it is, where that was said. */
  readonly email: string | undefined;
  /** Seconds since the epoch. */
  readonly expires: number;
}

export type ReadInvitation =
  | { readonly ok: true; readonly invitation: Invitation }
  | { readonly ok: false; readonly reason: "tampered" | "expired" };

export interface InvitationsOptions {
  /** Read at each use, because secrets are rotated; a new one ends all invitations. */
  readonly key: () => Buffer;
  /** Origin of the links. */
  readonly publicUrl: string;
  readonly clock: Pick<Clock, "now">;
}

export type Invited = Omit<Invitation, "id" | "expires"> & { readonly days: number };

export const JOIN_PATH = "/welcome/join";
const DAY_SECONDS = 86_400;

/** Makes and reads links of invitations. Nothing is kept: all of it stands in the link, signed. */
export class Invitations {
  readonly #key: () => Buffer;
  readonly #publicUrl: string;
  readonly #clock: Pick<Clock, "now">;

  constructor({ key, publicUrl, clock }: InvitationsOptions) {
    this.#key = key;
    this.#publicUrl = publicUrl;
    this.#clock = clock;
  }

  make({ group, inviter, email, days }: Invited): { readonly url: string; readonly invitation: Invitation } {
    const expires = this.#nowSeconds() + days * DAY_SECONDS;
    const invitation = { id: randomBytes(16).toString("hex"), group, inviter, email, expires };
    const payload = Buffer.from(JSON.stringify(invitation)).toString("base64url");
    const token = `${payload}.${this.#signature(payload).toString("base64url")}`;
    return { url: `${this.#publicUrl}${JOIN_PATH}?token=${token}`, invitation };
  }

  read(token: string): ReadInvitation {
    const [payload = "", signature = "", ...rest] = token.split(".");
    const given = Buffer.from(signature, "base64url");
    const right = this.#signature(payload);
    // More than one text stands for the same bytes; only the one that was given out is taken.
    const isPlain = rest.length === 0 && given.toString("base64url") === signature;
    if (!isPlain || given.length !== right.length || !timingSafeEqual(given, right)) {
      return { ok: false, reason: "tampered" };
    }
    const { email, ...invitation } = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as Invitation;
    if (invitation.expires <= this.#nowSeconds()) return { ok: false, reason: "expired" };
    return { ok: true, invitation: { ...invitation, email } };
  }

  #nowSeconds(): number {
    return Math.floor(this.#clock.now() / 1000);
  }

  #signature(payload: string): Buffer {
    return createHmac("sha256", this.#key()).update(payload).digest();
  }
}
