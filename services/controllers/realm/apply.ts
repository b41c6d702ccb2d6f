import type { KeycloakClient } from "../../lib/keycloak/client.ts";
import { isRefused, isUnavailable } from "../../lib/keycloak/errors.ts";
import { reasonOf } from "../../lib/log.ts";
import { UserError } from "../../lib/user-error.ts";
import { type Change, changeText } from "./change.ts";
import type { RealmDeclaration } from "./declaration.ts";
import type { DifferenceOptions } from "./differences.ts";
import { readRealm } from "./live.ts";
import { planRealm } from "./plan.ts";

/** Objects, then what links them, then a look that nothing is left; one more for what somebody else does meanwhile. */
const PASSES = 4;

/** @throws UserError naming each change that Keycloak did not take; KeycloakError where it is away, or refuses us */
async function applyAll(
  client: KeycloakClient,
  changes: readonly Change[],
  onChange: (change: Change) => void,
): Promise<void> {
  const problems: string[] = [];
  for (const change of changes) {
    const { method, at, body } = change.request;
    try {
      await client.request(method, at, { body });
      onChange(change);
    } catch (error) {
      // The others would only fail for the same reason.
      if (isUnavailable(error) || isRefused(error)) throw error;
      problems.push(`${changeText(change)}: ${reasonOf(error)}`);
    }
  }
  if (problems.length > 0) throw new UserError("realm-change", problems.join("; "), { problems });
}

/**
 * Makes a realm as declared.
 * @param onChange told of each change that Keycloak has taken
 * @throws UserError
 */
export async function applyRealm(
  client: KeycloakClient,
  declared: RealmDeclaration,
  options: DifferenceOptions,
  onChange: (change: Change) => void = () => {},
): Promise<void> {
  let left: readonly Change[] = [];
  for (let pass = 0; pass < PASSES; pass++) {
    // What Keycloak hides is written in the first pass only; it would never look written.
    const passOptions = pass === 0 ? options : { ...options, rewriteSecrets: false };
    left = planRealm(declared, await readRealm(client, declared), passOptions);
    if (left.length === 0) return;
    await applyAll(client, left, onChange);
  }
  const problems = left.map((change) => `${changeText(change)}, and does not stay so`);
  throw new UserError("realm-unstable", problems.join("; "), { problems });
}
