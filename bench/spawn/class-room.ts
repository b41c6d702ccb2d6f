import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type LabEndpoints, labStateDir } from "../../lab/endpoints.ts";
import { publicNames } from "../../lab/platform/public-names.ts";
import { KubeClient, type KubeObject, type ResourceRef } from "../../services/lib/kube/client.ts";
import { kubeConfigFromFile } from "../../services/lib/kube/config.ts";
import { isNotFound } from "../../services/lib/kube/errors.ts";
import { until } from "../cluster/scene.ts";
import { Identity } from "./identity.ts";
import { type Account, Member } from "./member.ts";
import { namespaces, refs } from "./objects.ts";

/** The hub goes on to know who has it forget the others, so that it is always the same one. */
const ADMINISTRATOR = "bench-administrator";
const PASSWORD_BYTES = 12;

/** What each member starts: enough for a notebook server, of which the scheduler sets little aside. */
const SIZE = { cpu: "1", memory: "512Mi", requests: { cpu: "50m", memory: "256Mi" } };
const MEBIBYTES = 512;

/** A group with members, an instance type and an image, all for one benchmark; closing removes them and what they made. */
export class ClassRoom {
  readonly run = randomBytes(3).toString("hex");
  readonly members: Member[] = [];
  readonly #client: KubeClient;
  readonly #identity: Identity;
  readonly #hub: URL;
  readonly #ca: string;
  readonly #undo: (() => Promise<unknown>)[] = [];
  readonly #over = new AbortController();

  private constructor(client: KubeClient, identity: Identity, hub: URL, ca: string) {
    this.#client = client;
    this.#identity = identity;
    this.#hub = hub;
    this.#ca = ca;
  }

  /** Opens it for the time of `work`, which a signal ends. */
  static async use(lab: LabEndpoints, work: (room: ClassRoom) => Promise<void>): Promise<void> {
    const interrupted = new Promise<never>((_, reject) => {
      for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => reject(new Error(`ended by ${signal}`)));
    });
    const client = new KubeClient(kubeConfigFromFile(lab.kubeconfig, lab.context), { userAgent: "carrel-bench" });
    const hub = (await publicNames(client)).urls["hub"];
    if (hub === undefined) throw new Error(`lab "${lab.name}" has no hub: deploy every part of the platform`);
    const ca = readFileSync(join(labStateDir(lab.name), "ca.crt"), "utf8");
    const room = new ClassRoom(client, await Identity.open(lab, client), new URL(hub), ca);
    try {
      await Promise.race([work(room), interrupted]);
    } finally {
      await room.#close();
    }
  }

  /** Aborts when everything is about to be removed: what is measured from then on counts for nothing. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  get #name(): string {
    return `bench-${this.run}`;
  }

  /** What the members choose on the launch page. */
  get choice(): Readonly<Record<string, string>> {
    return { group: this.#name, instanceType: this.#name, image: this.#name };
  }

  /** Makes everything, with so many members that are logged in. */
  async furnish(users: number, image: string): Promise<void> {
    const quota = { cpu: String(users), memory: `${users * MEBIBYTES}Mi` };
    const memberQuota = { cpu: SIZE.cpu, memory: SIZE.memory };
    this.#undo.push(() => this.#identity.removeGroup(this.#name));
    await this.#make(refs.groups, { quota, memberQuota });
    const group = await this.#identity.awaitGroup(this.#name);
    await this.#offer(refs.instanceTypes, `it:${this.#name}`, group, SIZE);
    await this.#offer(refs.images, `img:${this.#name}`, group, { reference: image });
    // Whatever fails from here on, servers are stopped before accounts go.
    this.#undo.push(() => this.#forgetMembers());
    for (let number = 1; number <= users; number++) await this.#enrol(number, group);
  }

  /** Stops all servers, and waits until no pod is left. */
  async stopAll(): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()));
    await this.#noPods();
  }

  async #enrol(number: number, group: string): Promise<void> {
    this.signal.throwIfAborted();
    const username = `${this.#name}-${String(number).padStart(3, "0")}`;
    const account = { username, password: randomBytes(PASSWORD_BYTES).toString("base64url") };
    const member = new Member(account, this.#hub, this.#ca);
    this.members.push(member);
    await this.#identity.join(await this.#identity.addUser(account), group);
    await member.logIn();
  }

  async #offer(ref: ResourceRef, role: string, group: string, spec: object): Promise<void> {
    this.#undo.push(() => this.#identity.removeRole(role));
    await this.#make(ref, spec);
    await this.#identity.bind(group, role);
  }

  async #make(ref: ResourceRef, spec: object): Promise<void> {
    const { apiVersion, kind } = ref;
    this.#undo.push(() => this.#remove(ref, undefined, this.#name));
    const full = { displayName: this.#name, ...spec };
    await this.#client.create(ref, undefined, { apiVersion, kind, metadata: { name: this.#name }, spec: full });
  }

  async #noPods(): Promise<void> {
    const labelSelector = `carrel.dev/group=${this.#name}`;
    await until(`group ${this.#name} has no pods`, async () => {
      return (await this.#client.list(refs.pods, namespaces.work, { labelSelector })).items.length === 0;
    });
  }

  /** A start that was under way when the hub forgot its user leaves a pod that nobody stops. */
  async #removePods(): Promise<void> {
    const labelSelector = `carrel.dev/group=${this.#name}`;
    await until(`the pods of group ${this.#name} are gone`, async () => {
      const { items } = await this.#client.list<KubeObject>(refs.pods, namespaces.work, { labelSelector });
      for (const { metadata } of items) {
        await this.#client.delete(refs.pods, namespaces.work, metadata.name).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
      }
      return items.length === 0;
    });
  }

  /** Has the hub forget the members, which stops their servers; then removes their accounts and homes. */
  async #forgetMembers(): Promise<void> {
    const account: Account = { username: ADMINISTRATOR, password: randomBytes(PASSWORD_BYTES).toString("base64url") };
    const administrator = new Member(account, this.#hub, this.#ca);
    try {
      // A run that was killed may have left it.
      await this.#identity.removeUser(ADMINISTRATOR);
      await this.#identity.makeAdministrator(await this.#identity.addUser(account));
      await administrator.logIn();
      await Promise.all(this.members.map((member) => this.#forget(administrator, member)));
    } finally {
      administrator.close();
      await this.#identity.removeUser(ADMINISTRATOR);
    }
    await this.#removePods();
    for (const member of this.members) {
      member.close();
      await this.#identity.removeUser(member.username);
      await this.#removeClaim(`home-${member.username}`);
    }
  }

  async #forget(administrator: Member, { username }: Member): Promise<void> {
    await until(`the hub forgets ${username}`, async () => {
      const status = await administrator.callHub("DELETE", `/users/${username}`, [204, 400, 404]);
      // 400 while a server is on its way in or out.
      if (status === 400) await pause(1000);
      return status !== 400;
    });
  }

  /** With its volume, which would stay by itself. */
  async #removeClaim(name: string): Promise<void> {
    const claim = await this.#client
      .get<{ spec: { volumeName?: string } }>(refs.claims, namespaces.work, name)
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    if (claim === undefined) return;
    await this.#remove(refs.claims, namespaces.work, name);
    if (claim.spec.volumeName !== undefined) await this.#remove(refs.volumes, undefined, claim.spec.volumeName);
  }

  async #remove(ref: ResourceRef, namespace: string | undefined, name: string): Promise<void> {
    await until(`${ref.kind} ${name} is gone`, () =>
      this.#client.delete(ref, namespace, name).then(
        () => false,
        (error: unknown) => {
          if (isNotFound(error)) return true;
          throw error;
        },
      ),
    );
  }

  async #close(): Promise<void> {
    this.#over.abort();
    for (const undo of this.#undo.toReversed()) {
      await undo().catch((error: unknown) => {
        if (!isNotFound(error)) console.error("not cleaned up:", error);
      });
    }
    this.#identity.close();
    this.#client.close();
  }
}
