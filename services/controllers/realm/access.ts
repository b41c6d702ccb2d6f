import type { Clock } from "../../lib/clock.ts";
import { KeycloakClient, path } from "../../lib/keycloak/client.ts";
import { isNotFound, isRefused } from "../../lib/keycloak/errors.ts";
import type { Client, User } from "../../lib/keycloak/types.ts";
import type { Logger } from "../../lib/log.ts";
import { UserError } from "../../lib/user-error.ts";
import { applyRealm } from "./apply.ts";
import type { RealmDeclaration } from "./declaration.ts";
import { controllersClient } from "./standard.ts";

export interface Account {
  readonly clientId: string;
  /** Read anew whenever it is needed, because mounted secrets change. */
  readonly secret: () => string;
}

export interface AccessOptions {
  readonly url: string;
  readonly realm: string;
  /** Secret of the client `carrel-controllers` of the realm. */
  readonly ownSecret: () => string;
  /** The temporary client of the realm `master`; none once a platform is set up. */
  readonly bootstrap?: Account;
  readonly clock: Clock;
  readonly log: Logger;
  readonly timeoutMs?: number;
}

const MASTER = "master";
/** By this Keycloak marks what its environment has made at the first start. */
const TEMPORARY = "is_temporary_admin";

/** As much of the realm as has to be there before its own client can make the rest. */
const firstRealm = (realm: string, secret: string): RealmDeclaration => ({
  realm,
  settings: { enabled: true },
  userProfile: {},
  scopes: [],
  roles: [],
  groups: [],
  clients: [controllersClient(secret)],
  identityProviders: [],
  userFederation: [],
});

/**
 * The way into the realm: its own client, made once with Keycloak's temporary bootstrap client, which is removed as soon as
 * it is not needed. After that nobody in `master` can do anything, and nothing here can reach another realm.
 */
export class Access {
  readonly #options: AccessOptions;
  /** The last secret that Keycloak took: with it a new one can still be set. */
  #goodSecret: string | undefined;
  #own: KeycloakClient | undefined;
  #isBootstrapGone = false;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** Whether the bootstrap account was found to be gone; also where none is given. */
  get isBootstrapGone(): boolean {
    return this.#isBootstrapGone;
  }

  /** A client that may administer the realm. @throws UserError where there is no way in; KeycloakError where Keycloak is away */
  async client(): Promise<KeycloakClient> {
    const known = await this.#known();
    const own = known && (await this.#isAble(known)) ? known : await this.#bootstrapped();
    await this.#removeBootstrap();
    return own;
  }

  /**
   * Whether its own client may administer the realm. Whoever made it, and was interrupted, may have left it without its
   * role; only the bootstrap client can give it that, so without one there is nothing to ask.
   */
  async #isAble(own: KeycloakClient): Promise<boolean> {
    if (this.#isBootstrapGone || this.#options.bootstrap === undefined) return true;
    try {
      await own.get("/clients", { clientId: own.clientId });
      return true;
    } catch (error) {
      if (isRefused(error)) return false;
      throw error;
    }
  }

  async #known(): Promise<KeycloakClient | undefined> {
    const current = this.#options.ownSecret();
    // The same client as before keeps its token.
    if (this.#own !== undefined && this.#goodSecret === current)
      return (await this.#own.isKnown()) ? this.#own : undefined;
    for (const secret of new Set([current, this.#goodSecret])) {
      if (secret === undefined) continue;
      const own = this.#clientOf(this.#options.realm, { clientId: "carrel-controllers", secret: () => secret });
      if (!(await own.isKnown())) continue;
      this.#goodSecret = secret;
      this.#own = own;
      return own;
    }
    return undefined;
  }

  async #bootstrapped(): Promise<KeycloakClient> {
    const { realm, bootstrap, ownSecret, log } = this.#options;
    const recovery = "make one with `kc.sh bootstrap-admin service` and put it into the secret keycloak-bootstrap";
    if (bootstrap === undefined) {
      throw new UserError(
        "no-access",
        `Keycloak refuses carrel-controllers of realm "${realm}", and no bootstrap client is given: ${recovery}`,
      );
    }
    const master = this.#clientOf(MASTER, bootstrap);
    if (!(await master.isKnown())) {
      throw new UserError(
        "no-access",
        `Keycloak refuses carrel-controllers of realm "${realm}" and the bootstrap client "${bootstrap.clientId}" too: ${recovery}`,
      );
    }
    const target = this.#clientOf(MASTER, bootstrap, realm);
    await target.get("").catch(async (error: unknown) => {
      if (!isNotFound(error)) throw error;
      await target.createRealm({ realm, enabled: true });
      log.info("realm-made", { realm });
    });
    const secret = ownSecret();
    await applyRealm(target, firstRealm(realm, secret), { rewriteSecrets: false, secrets: new Set([secret]) });
    // A token that it has already tells of no role that it was given since.
    this.#own = undefined;
    const own = await this.#known();
    // What gave it its role is removed next.
    if (own === undefined || !(await this.#isAble(own)))
      throw new UserError(
        "no-access",
        `Keycloak refuses carrel-controllers of realm "${realm}" though it was just made`,
      );
    return own;
  }

  /** Removes the bootstrap client and whoever else is temporary in `master`, once the own client works. */
  async #removeBootstrap(): Promise<void> {
    const { bootstrap, log } = this.#options;
    if (this.#isBootstrapGone) return;
    const master = bootstrap && this.#clientOf(MASTER, bootstrap);
    if (bootstrap && master && (await master.isKnown())) {
      const users = await master.get<User[]>("/users", { q: `${TEMPORARY}:true`, exact: true });
      for (const { id, username } of users) {
        await master.delete(path`/users/${id}`);
        log.info("bootstrap-user-removed", { user: username });
      }
      const [client] = await master.get<Client[]>("/clients", { clientId: bootstrap.clientId });
      if (client?.attributes?.[TEMPORARY] !== "true") {
        log.warn("bootstrap-client-kept", { client: bootstrap.clientId, reason: "it is not temporary" });
      } else {
        await master.delete(path`/clients/${client.id}`);
        log.info("bootstrap-client-removed", { client: bootstrap.clientId });
      }
    }
    this.#isBootstrapGone = true;
  }

  #clientOf(from: string, { clientId, secret }: Account, realm = from): KeycloakClient {
    const { url, clock, timeoutMs } = this.#options;
    const credentials = { realm: from, clientId, secret };
    return new KeycloakClient({ url, realm, credentials, clock, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  }
}
