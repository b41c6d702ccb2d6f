import type { Accelerators } from "../../quota/accelerators.ts";
import { type Denial, type DenialCause, denial, limitMissing } from "../../quota/denial.ts";
import { isDenial, type Owner, ownerChange, ownerOf } from "../../quota/owner.ts";
import { type PodRequest, podRequest } from "../../quota/pod-request.ts";
import { type Amounts, resourceNames } from "../../quota/resources.ts";
import { reasonOf } from "../lib/log.ts";
import { type GroupPolicy, memberLimits } from "./group-policies.ts";
import type { GroupLedger } from "./ledger/group-ledger.ts";
import type { ReviewedPod, ReviewRequest } from "./review.ts";

export interface QuotaOptions {
  /** Why nothing can be decided now, if so. */
  readonly problem: () => string | undefined;
  readonly policy: (group: string) => GroupPolicy | string | undefined;
  readonly ledgerOf: (group: string) => Pick<GroupLedger, "decide">;
  readonly bypass: ReadonlySet<string>;
  /** What counts as a GPU. */
  readonly accelerators: Accelerators;
  /** Hears of every limit that a pod would have broken. */
  readonly onExceeded?: (group: string, causes: readonly DenialCause[]) => void;
  /** Hears of every refusal, before it is answered: it must be quick, and not throw. */
  readonly onDenied?: (request: ReviewRequest, denied: Denial) => void;
}

/** `quota.carrel.dev`: whether a pod may be created or changed. Whatever goes wrong is a denial. */
export class QuotaWebhook {
  readonly #options: QuotaOptions;

  constructor(options: QuotaOptions) {
    this.#options = options;
  }

  /** @param deadlineMs of the monotonic clock */
  async review(request: ReviewRequest, deadlineMs: number): Promise<Denial | undefined> {
    const denied = await this.#verdict(request, deadlineMs);
    if (denied) this.#options.onDenied?.(request, denied);
    return denied;
  }

  async #verdict(request: ReviewRequest, deadlineMs: number): Promise<Denial | undefined> {
    try {
      const { operation, subResource, object, oldObject } = request;
      if (request.resource.resource !== "pods" || !object) return undefined;
      if (operation === "CREATE" && !subResource) return await this.#decide(request, object, deadlineMs);
      if (operation !== "UPDATE" || !oldObject) return undefined;
      const changed = ownerChange(oldObject.metadata, object.metadata);
      if (changed || subResource !== "resize") return changed;
      return await this.#decide(request, object, deadlineMs);
    } catch (error) {
      return denial("StateUnknown", `no decision was possible: ${reasonOf(error)}`);
    }
  }

  /** Decides a pod that is to be, or one that is to have another size. */
  async #decide(request: ReviewRequest, pod: ReviewedPod, deadlineMs: number): Promise<Denial | undefined> {
    const owner = ownerOf(pod.metadata);
    if (owner === undefined) return this.#withoutOwner(request);
    if (isDenial(owner)) return owner;
    const problem = this.#options.problem();
    if (problem !== undefined) return denial("StateUnknown", `quota cannot be checked now: ${problem}: try again`);
    const policy = this.#options.policy(owner.group);
    if (typeof policy !== "object") return policyRefusal(policy, owner);
    const taken = this.#requestOf(pod, policy, owner);
    if (!("amounts" in taken)) return taken;
    const { uid, name = "" } = pod.metadata;
    if (uid === undefined) return denial("StateUnknown", "the pod has no uid: quota has to be a validating webhook");
    const podVersion = request.oldObject?.metadata.resourceVersion;
    if (request.operation === "UPDATE" && podVersion === undefined) {
      return denial("StateUnknown", "the pod to change has no resource version: ask by the API server");
    }
    const claim = {
      uid,
      namespace: request.namespace ?? pod.metadata.namespace ?? "",
      name,
      user: owner.user,
      amounts: taken.amounts,
      dryRun: request.dryRun === true,
      ...(podVersion === undefined ? {} : { resize: { podVersion, request: request.uid } }),
    };
    const denied = await this.#options.ledgerOf(owner.group).decide(claim, deadlineMs);
    if (denied?.reason === "QuotaExceeded") this.#options.onExceeded?.(owner.group, denied.causes);
    return denied;
  }

  #requestOf(pod: ReviewedPod, policy: GroupPolicy, owner: Owner): { readonly amounts: Amounts } | Denial {
    const limits = [policy.quota, ...(owner.user === undefined ? [] : [memberLimits(policy, owner.user)])];
    const mustState = resourceNames.filter(
      (name) => name === "ephemeral-storage" && limits.some((limit) => limit[name] !== null),
    );
    let request: PodRequest;
    try {
      const { accelerators } = this.#options;
      request = podRequest(pod.spec ?? {}, { defaults: policy.defaults, accelerators, mustState });
    } catch (error) {
      return denial("QuantityInvalid", reasonOf(error));
    }
    return "amounts" in request ? request : limitMissing(policy.name, request.unstated);
  }

  #withoutOwner({ userInfo }: ReviewRequest): Denial | undefined {
    if (this.#options.bypass.has(userInfo?.username ?? "")) return undefined;
    return denial(
      "GroupMissing",
      "the pod belongs to no group: set the labels carrel.dev/group and carrel.dev/user",
      "metadata.labels",
    );
  }
}

function policyRefusal(policy: string | undefined, { group }: Owner): Denial {
  return policy === undefined
    ? denial("GroupUnknown", `unknown group "${group}": create the group first, or mend the label`)
    : denial("QuantityInvalid", `group "${group}" cannot be read: ${policy}`);
}
