import type { Clock } from "../../lib/clock.ts";
import { type Outcome, WorkQueue } from "../../lib/controller/work-queue.ts";
import { type KeycloakClient, path } from "../../lib/keycloak/client.ts";
import { isConflict, isNotFound } from "../../lib/keycloak/errors.ts";
import { EVERYONE } from "../../lib/keycloak/names.ts";
import { type BoundKind, roleName, rolesOfKind } from "../../lib/keycloak/role-name.ts";
import { type Group, MANAGED, PART, type Role } from "../../lib/keycloak/types.ts";
import type { KubeClient, KubeObject, ResourceRef } from "../../lib/kube/client.ts";
import { ListWatch } from "../../lib/kube/list-watch.ts";
import { type Logger, reasonOf } from "../../lib/log.ts";
import { UserError } from "../../lib/user-error.ts";
import type { ControllerMetrics } from "../metrics.ts";
import type { RealmStatus } from "../realm/realm-status.ts";
import { BINDING_PART, type BoundObject, ORPHANED_SINCE, planRoles, type RoleAction } from "./plan.ts";

/** On an Image, InstanceType or Volume: `"true"` lets everybody use it, `"false"` takes that away again. */
export const GLOBAL_ANNOTATION = "carrel.dev/global";

export interface BindingControllerOptions {
  readonly kube: Pick<KubeClient, "list" | "stream">;
  /** Of the realm; none before there is a way in. */
  readonly keycloak: () => KeycloakClient | undefined;
  readonly status: Pick<RealmStatus, "tell">;
  readonly metrics: Pick<ControllerMetrics, "roleChanges" | "failures" | "orphans">;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where volumes of members are. */
  readonly workNamespace: string;
  readonly random?: () => number;
  /** How often everything is compared. @default 300000 */
  readonly sweepMs?: number;
}

const SWEEP_MS = 300_000;
/** Objects that come together make one look. */
const GATHER_MS = 200;
const ALL = "";
/** Until the realm and the cluster's objects may be known. */
const NOT_READY_MS = 250;

const refs: Readonly<Record<BoundKind, ResourceRef>> = {
  Image: { apiVersion: "carrel.dev/v1", kind: "Image", plural: "images", namespaced: false },
  InstanceType: { apiVersion: "carrel.dev/v1", kind: "InstanceType", plural: "instancetypes", namespaced: false },
  Volume: { apiVersion: "carrel.dev/v1", kind: "Volume", plural: "volumes", namespaced: true },
};
const kinds = Object.keys(refs) as BoundKind[];

function globalOf({ metadata }: KubeObject): boolean | undefined {
  const value = metadata.annotations?.[GLOBAL_ANNOTATION];
  return value === "true" ? true : value === "false" ? false : undefined;
}

/** Keeps realm roles for Images, InstanceTypes and Volumes, to which administrators bind groups. */
export class BindingController {
  readonly queue: WorkQueue;
  readonly watches: ReadonlyMap<BoundKind, ListWatch<KubeObject>>;
  readonly #options: BindingControllerOptions;
  #told = "";

  constructor(options: BindingControllerOptions) {
    const { clock, log, metrics, random } = options;
    this.#options = options;
    this.queue = new WorkQueue({
      clock,
      ...(random === undefined ? {} : { backoff: { random } }),
      work: () => this.#reconcile(),
      onFailure: ({ error, delayMs }) => {
        metrics.failures.add({ queue: "bindings" });
        log.warn("bindings-waiting", { reason: reasonOf(error), delayMs });
      },
    });
    this.watches = new Map(kinds.map((kind) => [kind, this.#watchOf(kind)]));
  }

  async run(signal: AbortSignal): Promise<void> {
    this.queue.add(ALL);
    await Promise.all([...[...this.watches.values()].map((watch) => watch.run(signal)), this.queue.run(signal)]);
  }

  #watchOf(kind: BoundKind): ListWatch<KubeObject> {
    const { kube, clock, log, workNamespace, random } = this.#options;
    const changed = (): void => this.queue.add(ALL, GATHER_MS);
    return new ListWatch<KubeObject>({
      client: kube,
      ref: refs[kind],
      ...(refs[kind].namespaced ? { namespace: workNamespace } : {}),
      clock,
      log,
      ...(random === undefined ? {} : { random }),
      project: ({ metadata }) => ({ metadata }),
      handlers: {
        added: changed,
        deleted: changed,
        updated: (now, old) => {
          if (globalOf(now) !== globalOf(old)) changed();
        },
      },
    });
  }

  #objects(): BoundObject[] {
    return [...this.watches].flatMap(([kind, { store }]) =>
      [...store.values()].map((object) => ({ kind, name: object.metadata.name, isGlobal: globalOf(object) })),
    );
  }

  async #reconcile(): Promise<Outcome> {
    const { keycloak, clock, metrics, sweepMs = SWEEP_MS } = this.#options;
    const client = keycloak();
    // What is not known to exist must not look deleted.
    const isKnown = [...this.watches.values()].every(({ synced }) => synced);
    if (client === undefined || !isKnown) return { againInMs: NOT_READY_MS };
    const objects = this.#objects();
    const live = await client.all<Role>("/roles", { briefRepresentation: false });
    const { actions, orphans } = planRoles(objects, live, clock.now());
    for (const action of actions) await this.#apply(client, action);
    await this.#bindEverybody(client, objects);
    metrics.orphans = { ...metrics.orphans, role: orphans.length };
    await this.#tellOrphans(orphans);
    return { againInMs: sweepMs };
  }

  async #apply(client: KeycloakClient, action: RoleAction): Promise<void> {
    const { metrics, log } = this.#options;
    if (action.kind === "create") {
      const attributes = { [MANAGED]: ["true"], [PART]: [BINDING_PART] };
      await client.post("/roles", { name: action.role, attributes }).catch((error: unknown) => {
        // Somebody else was faster; it is there.
        if (!isConflict(error)) throw error;
      });
    } else if (action.kind === "remove") {
      await client.delete(path`/roles/${action.role.name}`).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    } else {
      const { [ORPHANED_SINCE]: _, ...attributes } = action.role.attributes ?? {};
      const marked = action.since === undefined ? attributes : { ...attributes, [ORPHANED_SINCE]: [action.since] };
      await client.put(path`/roles/${action.role.name}`, { ...action.role, attributes: marked });
      return;
    }
    const role = typeof action.role === "string" ? action.role : action.role.name;
    metrics.roleChanges.add({ kind: action.kind });
    log.info("binding-role-changed", { role, change: action.kind });
  }

  /** Binds what is global to the group that everybody is in, and unbinds what says that it is not. */
  async #bindEverybody(client: KeycloakClient, objects: readonly BoundObject[]): Promise<void> {
    if (objects.every(({ isGlobal }) => isGlobal === undefined)) return;
    const query = { search: EVERYONE, exact: true, briefRepresentation: false };
    const everyone = (await client.get<Group[]>("/groups", query)).find(({ name }) => name === EVERYONE);
    if (everyone === undefined) throw new UserError("no-everyone", `the realm has no group ${EVERYONE} yet`);
    // What is written needs a grant of its own: everybody may read it.
    const namesOf = ({ kind, name }: BoundObject): string => roleName(rolesOfKind[kind][0], name);
    const bound = new Set(everyone.realmRoles);
    const at = path`/groups/${everyone.id}/role-mappings/realm`;
    for (const object of objects) {
      const name = namesOf(object);
      if (object.isGlobal === undefined || object.isGlobal === bound.has(name)) continue;
      const role = await client.get<Role>(path`/roles/${name}`);
      await (object.isGlobal ? client.post(at, [role]) : client.delete(at, [role]));
      this.#options.log.info("binding-changed", { role: name, group: EVERYONE, bound: object.isGlobal });
    }
  }

  /** Says it once for as long as they are the same. */
  async #tellOrphans(orphans: readonly string[]): Promise<void> {
    const text = [...orphans].sort().join(", ");
    if (text === this.#told) return;
    this.#told = text;
    if (text === "") return;
    this.#options.log.warn("roles-orphaned", { roles: text });
    const note = `nothing in Kubernetes stands for these roles any more: ${text}`;
    await this.#options.status.tell({ type: "Warning", reason: "OrphanedRole", action: "Reconcile", note });
  }
}
