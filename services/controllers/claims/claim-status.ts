import type { Clock } from "../../lib/clock.ts";
import type { KubeClient, ResourceRef } from "../../lib/kube/client.ts";
import { isNotFound } from "../../lib/kube/errors.ts";
import { type Condition, conditionOf, isNews } from "../condition.ts";
import type { ClaimFinding } from "./plan.ts";
import type { OwnerObject } from "./wanted.ts";

const TYPE = "ClaimReady";
/** One of its own, so that the conditions of other controllers stay. */
const FIELD_MANAGER = "carrel-claims";

export interface ClaimStatusOptions {
  readonly client: Pick<KubeClient, "patch">;
  readonly clock: Clock;
}

const conditionsOf = ({ status }: OwnerObject): readonly Condition[] =>
  (status?.conditions ?? []) as readonly Condition[];

/** The condition `ClaimReady` of a Group or Volume; written only where it is news. */
export class ClaimStatus {
  readonly #options: ClaimStatusOptions;

  constructor(options: ClaimStatusOptions) {
    this.#options = options;
  }

  /** @param found nothing where no claim is asked for @returns whether it was news @throws KubeError */
  async tell(ref: ResourceRef, object: OwnerObject, found: ClaimFinding | undefined): Promise<boolean> {
    const before = conditionsOf(object);
    if (found === undefined) {
      if (before.some(({ type }) => type === TYPE)) await this.#write(ref, object, []);
      return false;
    }
    const { status, reason, message } = found;
    const { generation } = object.metadata;
    const seen = generation === undefined ? {} : { observedGeneration: generation };
    const finding = { type: TYPE, status, reason, message, ...seen };
    if (!isNews(finding, before)) return false;
    await this.#write(ref, object, [conditionOf(finding, before, this.#options.clock.now())]);
    const known = before.find(({ type }) => type === TYPE);
    return known?.reason !== reason || known.message !== message;
  }

  async #write(ref: ResourceRef, object: OwnerObject, conditions: readonly Condition[]): Promise<void> {
    const { apiVersion, kind } = ref;
    const { name, namespace } = object.metadata;
    const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
    const how = { type: "apply", fieldManager: FIELD_MANAGER, force: true, subresource: "status" } as const;
    const body = { apiVersion, kind, metadata, status: { conditions } };
    await this.#options.client.patch(ref, namespace, name, body, how).catch((error: unknown) => {
      // Deleted meanwhile: nobody reads its status.
      if (!isNotFound(error)) throw error;
    });
  }
}
