import type { Logger } from "../../lib/log.ts";
import { administers, type Directory } from "../directory.ts";
import { type FieldErrors, nothingTyped, readAccount, type Typed } from "./account-form.ts";
import { accountPage, donePage } from "./account-page.ts";
import type { Accounts } from "./accounts.ts";
import { html } from "./html.ts";
import { type Invitation, type Invitations, JOIN_PATH } from "./invitations.ts";
import { notice, type Page } from "./page.ts";

export interface JoinOptions {
  readonly accounts: Pick<Accounts, "userOf" | "makeMember">;
  readonly invitations: Pick<Invitations, "read">;
  readonly directory: Pick<Directory, "person" | "group">;
  /** The name of a group for people. */
  readonly displayName: (group: string) => string;
  readonly home: string;
  readonly log: Logger;
}

const unreadable = {
  tampered: notice(403, "This link does not work", "It is not the whole link: copy it again, or ask for another one."),
  expired: notice(410, "This invitation has expired", "Ask whoever sent it to you for another one."),
} as const;

const beaten = notice(
  409,
  "This invitation was used at the same time",
  "No account was made for you. Open the link again: it says whether it has been used.",
);

/** An invitation that works, with its names for people. */
interface Open {
  readonly invitation: Invitation;
  readonly inviter: string;
  readonly group: string;
}

type Opened =
  | { readonly ok: true; readonly open: Open }
  | { readonly ok: false; readonly outcome: string; readonly page: Page; readonly invitation?: Invitation };

interface Answered {
  readonly typed: Typed;
  readonly errors?: FieldErrors;
  readonly problem?: string;
}

function formPage(token: string, { invitation, inviter, group }: Open, answered: Answered): Page {
  const intro = [
    html`<p>Make an account to join. The invitation works once, until ${new Date(invitation.expires * 1000).toUTCString()}.</p>\n`,
    html`<p>If you have an account already, make no other one: ask ${inviter} to add you to the group.</p>\n`,
  ];
  const fixedEmail = invitation.email !== undefined;
  return accountPage({
    ...{ title: `${inviter} invites you to ${group}`, intro, action: JOIN_PATH, token, fixedEmail },
    ...answered,
  });
}

/** The page on which somebody who is invited makes an account. */
export class Join {
  readonly #options: JoinOptions;

  constructor(options: JoinOptions) {
    this.#options = options;
  }

  async show(token: string): Promise<Page> {
    const opened = await this.#open(token);
    if (!opened.ok) return opened.page;
    const email = opened.open.invitation.email ?? "";
    return formPage(token, opened.open, { typed: { ...nothingTyped, email } });
  }

  async take(token: string, form: URLSearchParams): Promise<Page> {
    const opened = await this.#open(token);
    if (!opened.ok) return this.#told(opened.outcome, opened.page, opened.invitation);
    const { invitation, group } = opened.open;
    const read = readAccount(form, invitation.email);
    if (!read.ok) return this.#told("mistyped", formPage(token, opened.open, read), invitation);
    const made = await this.#options.accounts.makeMember(read.account, invitation);
    if (made.ok) {
      const { userName } = read.account;
      const page = donePage(
        "Welcome to Carrel",
        `The account ${userName} is a member of ${group}.`,
        this.#options.home,
      );
      return this.#told("made", page, invitation, userName);
    }
    if (made.reason === "beaten") return this.#told("beaten", beaten, invitation);
    return this.#told("refused", formPage(token, opened.open, { ...made, typed: read.typed }), invitation);
  }

  async #open(token: string): Promise<Opened> {
    const { accounts, invitations, directory, displayName } = this.#options;
    const read = invitations.read(token);
    if (!read.ok) return { ok: false, outcome: read.reason, page: unreadable[read.reason] };
    const { invitation } = read;
    const closed = (outcome: string, ...text: [status: number, title: string, text: string]): Opened => ({
      ...{ ok: false, outcome, page: notice(...text), invitation },
    });
    const user = await accounts.userOf(invitation);
    if (user !== undefined) {
      const text = `It made the account ${user}. If that is yours, log in; if not, ask for another invitation.`;
      return closed("used", 410, "This invitation has been used", text);
    }
    if ((await directory.group(invitation.group)) === undefined) {
      const text = `The group ${invitation.group} is not there any more. Ask whoever invited you.`;
      return closed("group-gone", 410, "There is no such group", text);
    }
    const inviter = await directory.person(invitation.inviter);
    // Who may not invite any more has no invitations either: there is no other way to take them back.
    if (inviter === undefined || !(inviter.isAdmin || administers(inviter, invitation.group))) {
      const text = `${invitation.inviter} does not administer ${invitation.group} any more. Ask for another invitation.`;
      return closed("inviter-gone", 410, "This invitation was taken back", text);
    }
    const names = { inviter: inviter.displayName, group: displayName(invitation.group) };
    return { ok: true, open: { invitation, ...names } };
  }

  #told(outcome: string, page: Page, invitation?: Invitation, user?: string): Page {
    const { id, group, inviter } = invitation ?? {};
    this.#options.log.info("invitation", { outcome, invitation: id, group, inviter, user });
    return page;
  }
}
