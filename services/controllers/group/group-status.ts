import type { Group as GroupObject } from "../../../crds/index.ts";
import type { Clock } from "../../lib/clock.ts";
import type { KubeClient, KubeObject, ResourceRef } from "../../lib/kube/client.ts";
import { isNotFound } from "../../lib/kube/errors.ts";
import { reasonOf } from "../../lib/log.ts";
import { type Condition, conditionOf, type Finding, isNews } from "../condition.ts";

export const groupRef: ResourceRef = {
  apiVersion: "carrel.dev/v1",
  kind: "Group",
  plural: "groups",
  namespaced: false,
};

/** A Group as the API server answers it. */
export type WatchedGroup = KubeObject & Pick<GroupObject, "spec" | "status">;

const TYPE = "Synced";
const REFUSED = "Invalid";

export interface GroupStatusOptions {
  readonly client: Pick<KubeClient, "patch">;
  readonly clock: Clock;
}

const generationOf = ({ metadata: { generation } }: WatchedGroup): { readonly observedGeneration?: number } =>
  generation === undefined ? {} : { observedGeneration: generation };

const conditionsOf = ({ status }: WatchedGroup): readonly Condition[] =>
  (status?.conditions ?? []) as readonly Condition[];

/** What a Group's status says of it in Keycloak; written only where it is news. */
export class GroupStatus {
  readonly #options: GroupStatusOptions;

  constructor(options: GroupStatusOptions) {
    this.#options = options;
  }

  /** Whether the status says already that this generation is in Keycloak as the group with that id. */
  isSynced(object: WatchedGroup, id: string): boolean {
    return (
      object.status?.id === id && object.status.members !== undefined && !isNews(synced(object), conditionsOf(object))
    );
  }

  /** Whether the status says already that this generation cannot be mirrored. */
  isRefused(object: WatchedGroup): boolean {
    const known = conditionsOf(object).find(({ type }) => type === TYPE);
    return known?.reason === REFUSED && known.observedGeneration === object.metadata.generation;
  }

  /** @throws KubeError */
  async synced(object: WatchedGroup, id: string, members: number): Promise<void> {
    if (this.isSynced(object, id) && object.status?.members === members) return;
    await this.#write(object, synced(object), { id, members });
  }

  /** @param isRefused whether the Group itself is wrong @throws KubeError */
  async failed(object: WatchedGroup, error: unknown, isRefused: boolean): Promise<void> {
    const reason = isRefused ? REFUSED : "KeycloakFailed";
    const finding = { type: TYPE, status: "False", reason, message: reasonOf(error), ...generationOf(object) } as const;
    if (!isNews(finding, conditionsOf(object))) return;
    const { id, members } = object.status ?? {};
    await this.#write(object, finding, {
      ...(id === undefined ? {} : { id }),
      ...(members === undefined ? {} : { members }),
    });
  }

  async #write(object: WatchedGroup, finding: Finding, known: { id?: string; members?: number }): Promise<void> {
    const { client, clock } = this.#options;
    const { name } = object.metadata;
    const condition = conditionOf(finding, conditionsOf(object), clock.now());
    const body = {
      apiVersion: groupRef.apiVersion,
      kind: groupRef.kind,
      metadata: { name },
      status: { ...known, conditions: [condition] },
    };
    const how = { type: "apply", fieldManager: "carrel-controllers", force: true, subresource: "status" } as const;
    await client.patch(groupRef, undefined, name, body, how).catch((error: unknown) => {
      // Deleted meanwhile: nobody reads its status.
      if (!isNotFound(error)) throw error;
    });
  }
}

const synced = (object: WatchedGroup): Finding => ({
  type: TYPE,
  status: "True",
  reason: "Mirrored",
  message: "",
  ...generationOf(object),
});
