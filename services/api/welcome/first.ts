import type { Logger } from "../../lib/log.ts";
import { type FieldErrors, nothingTyped, readAccount, type Typed } from "./account-form.ts";
import { accountPage, donePage } from "./account-page.ts";
import type { Accounts } from "./accounts.ts";
import { html } from "./html.ts";
import { notice, type Page } from "./page.ts";

export interface FirstOptions {
  readonly accounts: Pick<Accounts, "hasAdministrator" | "makeAdministrator">;
  readonly isFirstToken: (token: string) => boolean;
  readonly home: string;
  readonly log: Logger;
}

export const FIRST_PATH = "/welcome/first";

const unknownLink = notice(
  403,
  "This link does not work",
  "It is not the whole link, or a newer one was made. Whoever installed the platform finds it with: pulumi stack output firstAdminLink --show-secrets",
);

const spent: Page = notice(
  410,
  "This link has been used",
  "Somebody administers the platform already: log in, or ask them to make you an administrator.",
  "If nobody can log in as an administrator any more, the guide on identity says how to get in again.",
);

const beaten = notice(
  409,
  "Somebody was at it at the same time",
  "No account was made for you. Open the link again: it says whether there is an administrator now.",
);

interface Answered {
  readonly typed: Typed;
  readonly errors?: FieldErrors;
  readonly problem?: string;
}

const formPage = (token: string, answered: Answered): Page =>
  accountPage({
    title: "The first administrator",
    intro: [
      html`<p>Make your account. It administers the whole platform; this link works only until there is an administrator.</p>\n`,
    ],
    action: FIRST_PATH,
    token,
    ...answered,
  });

/** The page on which the platform's first administrator makes an account. */
export class First {
  readonly #options: FirstOptions;

  constructor(options: FirstOptions) {
    this.#options = options;
  }

  async show(token: string): Promise<Page> {
    return (await this.#closed(token)) ?? formPage(token, { typed: nothingTyped });
  }

  async take(token: string, form: URLSearchParams): Promise<Page> {
    const { accounts, home } = this.#options;
    const closed = await this.#closed(token);
    if (closed !== undefined) return this.#told(closed === unknownLink ? "unknown-link" : "spent-link", closed);
    const read = readAccount(form);
    if (!read.ok) return this.#told("mistyped", formPage(token, read));
    const made = await accounts.makeAdministrator(read.account);
    if (made.ok) {
      const member = made.group === undefined ? "" : `, and is a member of ${made.group}`;
      const text = `The account ${read.account.userName} administers the platform${member}.`;
      const page = donePage("Welcome to Carrel", text, home);
      return this.#told("made", page, read.account.userName);
    }
    if (made.reason === "beaten") return this.#told("beaten", beaten);
    return this.#told("refused", formPage(token, { ...made, typed: read.typed }));
  }

  /** The page of a link that does not work, if it does not. */
  async #closed(token: string): Promise<Page | undefined> {
    const { accounts, isFirstToken } = this.#options;
    if (!isFirstToken(token)) return unknownLink;
    return (await accounts.hasAdministrator()) ? spent : undefined;
  }

  #told(outcome: string, page: Page, user?: string): Page {
    this.#options.log.info("first-administrator", { outcome, user });
    return page;
  }
}
