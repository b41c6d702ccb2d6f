import { type Directory, isSameUser, type Person } from "../directory.ts";
import type { TokenVerifier } from "./token-verifier.ts";

/** Who asks. */
export type Caller =
  | { readonly kind: "nobody" }
  | { readonly kind: "person"; readonly person: Person }
  | { readonly kind: "server" };

/** Who asks, or why that is not known; the reason is for the log, never with the token in it. */
export type Recognised =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly reason: string };

/** @param authorization the header of that name */
export type Recognise = (authorization: string | undefined) => Promise<Recognised>;

const refused = (reason: string): Recognised => ({ ok: false, reason });
const bearerOf = (authorization: string | undefined): string | undefined =>
  /^Bearer +(?<token>[\x21-\x7e]+) *$/i.exec(authorization ?? "")?.groups?.["token"];

/** Knows people by their tokens; what they may do is asked of the directory, because tokens live on after a change. */
export function recognisePeople(verifier: Pick<TokenVerifier, "verify">, directory: Directory): Recognise {
  return async (authorization) => {
    const token = bearerOf(authorization);
    if (token === undefined) return refused("no bearer token");
    const verified = await verifier.verify(token);
    if (!verified.ok) return refused(verified.reason);
    const person = await directory.person(verified.userName);
    // A name may have been given to somebody else since.
    if (person === undefined || person.id !== verified.subject || !isSameUser(person.name, verified.userName)) {
      return refused("the token's user is unknown, disabled or another one now");
    }
    return { ok: true, caller: { kind: "person", person } };
  };
}

/** Knows servers by the secret that they share with us. */
export function recogniseServers(matches: (given: string) => boolean): Recognise {
  return async (authorization) => {
    const given = bearerOf(authorization);
    return given !== undefined && matches(given) ? { ok: true, caller: { kind: "server" } } : refused("not the secret");
  };
}
