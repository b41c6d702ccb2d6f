import { EVERYONE } from "../../lib/keycloak/names.ts";
import { ApiError } from "../errors.ts";
import { personOf } from "../visible.ts";
import { emailProblem } from "../welcome/account-form.ts";
import { builder } from "./builder.ts";
import { Invitation } from "./invitation.ts";

const DEFAULT_DAYS = 7;
const MAX_DAYS = 30;

const bad = (message: string): ApiError => new ApiError("BAD_REQUEST", message);

builder.mutationType({
  fields: (t) => ({
    invite: t.field({
      type: Invitation,
      description:
        "Nothing is kept of it: whoever gets the link may use it, as long as the inviter administers the group",
      args: {
        group: t.arg.string({ required: true, description: "The exact name" }),
        email: t.arg.string({ required: false, description: "Of the account; without it its owner chooses" }),
        days: t.arg.int({ required: false, description: "That it works: 1 to 30, 7 without" }),
      },
      resolve: async (_, { group, email: given, days: wanted }, { caller, directory, invitations }) => {
        if (invitations === undefined) {
          const remedy = "mount the API's welcome secrets (WELCOME_DIR) and set PUBLIC_URL";
          throw new ApiError("UNAVAILABLE", `invitations are not set up here: ${remedy}`);
        }
        const days = wanted ?? DEFAULT_DAYS;
        if (days < 1 || days > MAX_DAYS) throw bad(`days must be 1 to ${MAX_DAYS}, got ${days}`);
        const email = given?.trim() || undefined;
        if (email !== undefined && emailProblem(email) !== undefined) {
          throw bad(`email must be an address such as ada@example.org, got "${email}"`);
        }
        if (group === EVERYONE || (await directory.group(group)) === undefined) {
          throw new ApiError("NOT_FOUND", `there is no group "${group}" to invite to`);
        }
        const { url, invitation } = invitations.make({ group, inviter: personOf(caller).name, email, days });
        const expires = new Date(invitation.expires * 1000).toISOString();
        return { url, group, email: email ?? null, expires };
      },
    }),
  }),
});
