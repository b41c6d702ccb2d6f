import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import { UserError } from "../../lib/user-error.ts";
import type { Directory } from "../directory.ts";
import { Accounts, type AccountsOptions } from "./accounts.ts";
import { First } from "./first.ts";
import { Invitations } from "./invitations.ts";
import { Join } from "./join.ts";
import { welcomeSecrets } from "./secrets.ts";
import { type Welcome, welcomePages } from "./welcome.ts";

export interface WelcomeSetup {
  readonly welcomeDir: string;
  readonly publicUrl: string | undefined;
  readonly client: AccountsOptions["client"];
  readonly directory: Pick<Directory, "person" | "group">;
  /** The name of a group for people. */
  readonly displayName: (group: string) => string;
  readonly clock: Pick<Clock, "now">;
  readonly log: Logger;
}

export interface WelcomeParts {
  readonly welcome: Welcome;
  readonly invitations: Invitations;
}

/**
 * The pages for people without an account, and what makes links to them; nothing where there are no secrets for it.
 * @throws UserError where it is set up by half
 */
export function setUpWelcome(setup: WelcomeSetup): WelcomeParts | undefined {
  const { welcomeDir, publicUrl, client, directory, displayName, clock, log } = setup;
  const secrets = welcomeSecrets(welcomeDir);
  if (secrets === undefined) return undefined;
  if (publicUrl === undefined) {
    throw new UserError(
      "settings",
      `PUBLIC_URL is not set, and ${welcomeDir} has secrets: give the origin of the links`,
    );
  }
  const accounts = new Accounts({ client, log });
  const invitations = new Invitations({ key: secrets.invitationKey, publicUrl, clock });
  const shared = { accounts, home: `${publicUrl}/`, log };
  const first = new First({ ...shared, isFirstToken: secrets.isFirstToken });
  const join = new Join({ ...shared, invitations, directory, displayName });
  return { welcome: welcomePages({ first, join, publicUrl, log }), invitations };
}
