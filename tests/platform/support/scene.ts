import { randomBytes } from "node:crypto";
import { slug } from "../../../quota/owner.ts";
import type { KubeClient, ResourceRef } from "../../../services/lib/kube/client.ts";
import { isNotFound } from "../../../services/lib/kube/errors.ts";
import { eventually } from "../../support/eventually.ts";
import type { Visitor } from "./browser.ts";
import { callHub, logIn } from "./hub-pages.ts";
import type { Account } from "./identity.ts";
import { claims, groups, images, instanceTypes, isReady, type Pod, pods, volumes } from "./objects.ts";
import type { Platform } from "./platform.ts";

const GONE_MS = 120_000;
const TESTS_ADMINISTRATOR = "tests-administrator";

/** Somebody with an account and a browser. */
export interface Person extends Account {
  readonly visitor: Visitor;
}

/** Groups, types, images and people of one spec, under names of their own; closing removes them and what they made. */
export class Scene {
  readonly suffix: string = randomBytes(2).toString("hex");
  readonly #platform: Platform;
  readonly #objects: [ResourceRef, string][] = [];
  readonly #roles: string[] = [];
  readonly #groups: string[] = [];
  readonly #accounts: Account[] = [];
  readonly #visitors: Visitor[] = [];

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  get work(): string {
    return this.#platform.outputs.namespaces.work;
  }

  /** A group; answers its name, which is that of the Group too. */
  async group(name: string, spec: object): Promise<string> {
    const full = this.#named(name);
    this.#groups.push(full);
    await this.#create(groups, "Group", full, { displayName: this.label(name), ...spec });
    await this.#platform.identity.awaitGroup(full);
    return full;
  }

  /** @param ofGroups names of groups that may use it */
  async type(name: string, spec: object, ofGroups: readonly string[]): Promise<string> {
    return this.#offer(instanceTypes, "InstanceType", name, { role: "it", spec, ofGroups });
  }

  async image(name: string, reference: string, ofGroups: readonly string[]): Promise<string> {
    return this.#offer(images, "Image", name, { role: "img", spec: { reference }, ofGroups });
  }

  /** The lab's own notebook image. */
  notebookImage(name: string, ofGroups: readonly string[]): Promise<string> {
    const reference = this.#platform.endpoints.standIns?.["notebook"];
    if (reference === undefined) throw new Error("the lab has no stand-in for the notebook image");
    return this.image(name, reference, ofGroups);
  }

  /** What people see of something that was made under this name here. */
  label(name: string): string {
    return `${name} ${this.suffix}`;
  }

  /** A new account's name and password, removed with the rest. */
  account(name: string): Account {
    const account = { username: this.#named(name), password: randomBytes(12).toString("base64url") };
    this.#accounts.push(account);
    return account;
  }

  /** A browser with nobody logged in. */
  async visitor(name: string): Promise<Visitor> {
    const visitor = await this.#platform.browser.visitor(name);
    this.#visitors.push(visitor);
    return visitor;
  }

  /** A member of groups, not yet logged in. */
  async person(name: string, ofGroups: readonly string[] = []): Promise<Person> {
    const account = this.account(name);
    await this.#platform.identity.addUser(account);
    for (const group of ofGroups) await this.#platform.identity.join(account.username, group);
    return { ...account, visitor: await this.visitor(name) };
  }

  /** A member who is logged in. */
  async loggedIn(name: string, ofGroups: readonly string[] = []): Promise<Person> {
    const person = await this.person(name, ofGroups);
    await logIn(person.visitor, person, this.#platform.outputs.url);
    return person;
  }

  async podsOf(username: string): Promise<readonly Pod[]> {
    const labelSelector = `carrel.dev/user=${slug(username)}`;
    return (await this.#platform.client.list<Pod>(pods, this.work, { labelSelector })).items;
  }

  /** The pod of a running server. */
  podOf(username: string): Promise<Pod> {
    return eventually(`${username} has a ready pod`, async () => (await this.podsOf(username)).find(isReady));
  }

  /** Until nothing of the user's servers is left. */
  async noPodOf(username: string): Promise<void> {
    const look = async (): Promise<true | undefined> => ((await this.podsOf(username)).length === 0 ? true : undefined);
    await eventually(`${username} has no pod`, look, GONE_MS);
  }

  /** Removes everything; goes on where something fails, and tells of it at the end. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    const attempt = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => failures.push(error));
    const { identity, client } = this.#platform;
    await attempt(this.#forgetServers());
    for (const { username } of this.#accounts) {
      await attempt(identity.removeUser(username));
      await attempt(claimGone(client, this.work, `home-${slug(username)}`));
    }
    for (const [ref, name] of this.#objects) await attempt(gone(client, ref, undefined, name));
    for (const role of this.#roles) await attempt(identity.removeRole(role));
    for (const group of this.#groups) {
      await attempt(identity.removeGroup(group));
      await attempt(claimGone(client, this.work, `group-${slug(group)}`));
    }
    for (const { close } of this.#visitors) await attempt(close());
    if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join("\n"));
  }

  /**
   * Has the hub forget its users, which stops their servers. Nobody may do that to themselves, so that the hub goes on to know
   * the administrator of the tests, who has no account.
   */
  async #forgetServers(): Promise<void> {
    const { browser, identity, outputs } = this.#platform;
    const account = { username: TESTS_ADMINISTRATOR, password: randomBytes(12).toString("base64url") };
    const visitor = await browser.visitor("administrator of the tests");
    try {
      // A run that was killed may have left it.
      await identity.removeUser(account.username);
      await identity.makeAdministrator(await identity.addUser(account));
      await logIn(visitor, account, outputs.url);
      for (const { username } of this.#accounts) {
        await eventually(`the hub forgets ${username}`, async () => {
          const { status } = await callHub(visitor.page, "DELETE", `/users/${username}`);
          return [204, 404].includes(status) ? true : undefined;
        });
        await this.noPodOf(username);
      }
    } finally {
      await visitor.close();
      await identity.removeUser(account.username);
    }
  }

  #named(name: string): string {
    return `${name.toLowerCase()}-${this.suffix}`;
  }

  async #offer(
    ref: ResourceRef,
    kind: string,
    name: string,
    { role, spec, ofGroups }: { readonly role: string; readonly spec: object; readonly ofGroups: readonly string[] },
  ): Promise<string> {
    const full = this.#named(name);
    const roleName = `${role}:${full}`;
    this.#roles.push(roleName);
    await this.#create(ref, kind, full, { displayName: this.label(name), ...spec });
    for (const group of ofGroups) await this.#platform.identity.bind(group, roleName);
    return full;
  }

  async #create(ref: ResourceRef, kind: string, name: string, spec: object): Promise<void> {
    this.#objects.push([ref, name]);
    const object = { apiVersion: ref.apiVersion, kind, metadata: { name }, spec };
    await this.#platform.client.create(ref, undefined, object);
  }
}

/** Deletes an object and waits until it is gone; one that is not there is gone already. */
async function gone(client: KubeClient, ref: ResourceRef, namespace: string | undefined, name: string): Promise<void> {
  await eventually(
    `${ref.kind} ${name} is gone`,
    async () => {
      try {
        await client.delete(ref, namespace, name);
        return undefined;
      } catch (error) {
        if (isNotFound(error)) return true;
        throw error;
      }
    },
    GONE_MS,
  );
}

/** Deletes a claim with its volume, which would stay by itself. */
async function claimGone(client: KubeClient, namespace: string, name: string): Promise<void> {
  const claim = await client.get<{ spec: { volumeName?: string } }>(claims, namespace, name).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (claim === undefined) return;
  await gone(client, claims, namespace, name);
  if (claim.spec.volumeName !== undefined) await gone(client, volumes, undefined, claim.spec.volumeName);
}
