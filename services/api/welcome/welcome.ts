import type { IncomingMessage, ServerResponse } from "node:http";
import { isUnavailable } from "../../lib/keycloak/errors.ts";
import { type Logger, reasonOf } from "../../lib/log.ts";
import { ApiError } from "../errors.ts";
import { FIRST_PATH, type First } from "./first.ts";
import { readForm } from "./form-body.ts";
import { JOIN_PATH } from "./invitations.ts";
import type { Join } from "./join.ts";
import { notice, type Page, sendPage } from "./page.ts";

/** Answers a request for a page; false where the path is none of ours. */
export type Welcome = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

export interface WelcomeOptions {
  readonly first: Pick<First, "show" | "take">;
  readonly join: Pick<Join, "show" | "take">;
  /** Origin of our own pages. */
  readonly publicUrl: string;
  readonly log: Logger;
}

/** Whoever has no account asks Keycloak through us: by a few at the same time, whatever comes. */
const AT_ONCE = 8;

const notHere = notice(404, "Nothing is here", "Open the whole link that you were given.");
const notServed = { ...notice(405, "Not served", "Open the link in a browser."), headers: { allow: "GET, POST" } };
const busy = {
  ...notice(503, "Too many at the same time", "Try again in a few seconds."),
  headers: { "retry-after": "5" },
};
const away = {
  ...notice(
    503,
    "Accounts are not known now",
    "Try again in a minute. If the name that you chose is taken then, choose another one.",
  ),
  headers: { "retry-after": "60" },
};
const broken = notice(500, "Something went wrong here", "Try again, and tell the administrators if it stays.");

const isAway = (error: unknown): boolean =>
  isUnavailable(error) || (error instanceof ApiError && error.code === "UNAVAILABLE");

/** Accounts are made one after the other, so that a form that is sent twice finds what the first one made. */
class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** The pages below `/welcome`, for people who have no account yet. */
export function welcomePages({ first, join, publicUrl, log }: WelcomeOptions): Welcome {
  const pages = new Map([
    [FIRST_PATH, first],
    [JOIN_PATH, join],
  ]);
  const turns = new Turns();
  let asking = 0;

  const bounded = async (work: () => Promise<Page>): Promise<Page> => {
    if (asking >= AT_ONCE) return busy;
    asking++;
    try {
      return await work();
    } catch (error) {
      log[isAway(error) ? "warn" : "error"]("welcome-failed", { reason: reasonOf(error) });
      return isAway(error) ? away : broken;
    } finally {
      asking--;
    }
  };

  const answer = async (request: IncomingMessage, { pathname, searchParams }: URL): Promise<Page> => {
    const page = pages.get(pathname);
    if (page === undefined) return notHere;
    if (request.method === "GET") return bounded(() => page.show(searchParams.get("token") ?? ""));
    if (request.method !== "POST") return notServed;
    const form = await readForm(request, publicUrl);
    if (!(form instanceof URLSearchParams)) return form;
    return bounded(() => turns.take(() => page.take(form.get("token") ?? "", form)));
  };

  return async (request, response) => {
    const target = request.url ?? "";
    if (!/^\/welcome(?:[/?]|$)/.test(target)) return false;
    sendPage(response, await answer(request, new URL(target, publicUrl)));
    return true;
  };
}
