import { type Denial, denial, limitMissing } from "../../quota/denial.ts";
import { isDenial, type Owner, ownerChange, ownerOf } from "../../quota/owner.ts";
import { type PodRequest, podRequest } from "../../quota/pod-request.ts";
import { type Amounts, resourceNames, unlimited } from "../../quota/resources.ts";
import { reasonOf } from "../lib/log.ts";
import type { GroupPolicy } from "./group-policies.ts";
import type { GroupLedger } from "./ledger/group-ledger.ts";
import type { ReviewedPod, ReviewRequest } from "./review.ts";

export interface QuotaOptions {
  /** Why nothing can be decided now, if so. */
  readonly problem: () => string | undefined;
  readonly policy: (group: string) => GroupPolicy | string | undefined;
  readonly ledgerOf: (group: string) => Pick<GroupLedger, "decide">;
  readonly bypass: ReadonlySet<string>;
}

/** `quota.carrel.dev`: whether a pod may be created or changed. Whatever goes wrong is a denial. */
export class QuotaWebhook {
  readonly #options: QuotaOptions;

  constructor(options: QuotaOptions) {
    this.#options = options;
  }

  /** @param deadlineMs of the monotonic clock */
  async review(request: ReviewRequest, deadlineMs: number): Promise<Denial | undefined> {
    try {
      const { operation, subResource, object, oldObject } = request;
      if (request.resource.resource !== "pods" || !object) return undefined;
      if (operation === "CREATE" && !subResource) return await this.#create(request, object, deadlineMs);
      if (operation !== "UPDATE" || !oldObject) return undefined;
      if (subResource === "resize") return resize(oldObject, object);
      return subResource ? undefined : ownerChange(oldObject.metadata, object.metadata);
    } catch (error) {
      return denial("StateUnknown", `no decision was possible: ${reasonOf(error)}`);
    }
  }

  async #create(request: ReviewRequest, pod: ReviewedPod, deadlineMs: number): Promise<Denial | undefined> {
    const owner = ownerOf(pod.metadata);
    if (owner === undefined) return this.#withoutOwner(request);
    if (isDenial(owner)) return owner;
    const problem = this.#options.problem();
    if (problem !== undefined) return denial("StateUnknown", `quota cannot be checked now: ${problem}: try again`);
    const policy = this.#options.policy(owner.group);
    const refused = policyRefusal(policy, owner);
    if (refused || typeof policy !== "object") return refused;
    const taken = requestOf(pod, policy);
    if (!("amounts" in taken)) return taken;
    const { uid, name = "" } = pod.metadata;
    if (uid === undefined) return denial("StateUnknown", "the pod has no uid: quota has to be a validating webhook");
    const namespace = request.namespace ?? pod.metadata.namespace ?? "";
    const claim = { uid, namespace, name, user: owner.user, amounts: taken.amounts, dryRun: request.dryRun === true };
    return this.#options.ledgerOf(owner.group).decide(claim, deadlineMs);
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

function policyRefusal(policy: GroupPolicy | string | undefined, { group, user }: Owner): Denial | undefined {
  if (policy === undefined)
    return denial("GroupUnknown", `unknown group "${group}": create the group first, or mend the label`);
  if (typeof policy === "string") return denial("QuantityInvalid", `group "${group}" cannot be read: ${policy}`);
  if (user !== undefined || !policy.limitsMembers) return undefined;
  return denial(
    "MemberMissing",
    `group "${group}" limits its members: set the label carrel.dev/user`,
    "metadata.labels",
  );
}

function requestOf(pod: ReviewedPod, policy: GroupPolicy): { readonly amounts: Amounts } | Denial {
  let request: PodRequest;
  try {
    request = podRequest(pod.spec ?? {}, policy.defaults);
  } catch (error) {
    return denial("QuantityInvalid", reasonOf(error));
  }
  return "amounts" in request ? request : limitMissing(policy.name, request.unstated);
}

/** In-place growth would have to be charged; until it is, it is refused, and shrinking is free. */
function resize(old: ReviewedPod, next: ReviewedPod): Denial | undefined {
  const owner = ownerOf(next.metadata);
  if (owner === undefined || isDenial(owner)) return undefined;
  const [before, after] = [old, next].map((pod) => podRequest(pod.spec ?? {}, zero));
  if (!before || !after || !("amounts" in before) || !("amounts" in after)) return undefined;
  const grown = resourceNames.find((name) => after.amounts[name] > before.amounts[name]);
  if (grown === undefined) return undefined;
  return denial("ResizeRefused", `${grown} of a running pod cannot grow here: make a new pod with more`, grown);
}

const zero = Object.fromEntries(Object.keys(unlimited).map((name) => [name, 0n])) as unknown as Amounts;
