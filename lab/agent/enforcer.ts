import type { KubeClient } from "../../services/lib/kube/client.ts";
import { ListWatch } from "../../services/lib/kube/list-watch.ts";
import type { KubeObject } from "../../services/lib/kube/types.ts";
import type { Logger } from "../../services/lib/log.ts";
import { Coalesced } from "./coalesce.ts";
import { rulesetText } from "./nft-text.ts";
import { compilePolicies } from "./policy-compile.ts";
import {
  essentialMeta,
  type NetworkPolicy,
  namespaceRef,
  type PolicyPod,
  podRef,
  policyPod,
  policyRef,
} from "./policy-types.ts";

export interface EnforcerOptions {
  readonly client: Pick<KubeClient, "list" | "stream">;
  readonly nodeAddresses: readonly string[];
  /** Addresses here from which pods are reached only where a policy allows it. */
  readonly clientAddresses?: readonly string[];
  readonly load: (ruleset: string) => Promise<void>;
  readonly log: Logger;
}

/** Keeps the rules of this network namespace equal to what the cluster's network policies say. */
export class Enforcer {
  readonly #options: EnforcerOptions;
  readonly #work: Coalesced;
  readonly #pods: ListWatch<PolicyPod>;
  readonly #namespaces: ListWatch<KubeObject>;
  readonly #policies: ListWatch<NetworkPolicy>;
  #loaded = "";

  constructor(options: EnforcerOptions) {
    const { client, log } = options;
    this.#options = options;
    this.#work = new Coalesced(() => this.#enforce(), { name: "policy", log });
    const common = { client, log, onProgress: () => this.#work.request() };
    this.#pods = new ListWatch({ ...common, ref: podRef, project: policyPod });
    this.#namespaces = new ListWatch({
      ...common,
      ref: namespaceRef,
      project: (object) => ({ metadata: essentialMeta(object) }),
    });
    this.#policies = new ListWatch({ ...common, ref: policyRef });
  }

  /** Runs until the signal aborts, and leaves the rules as they are then. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#pods, this.#namespaces, this.#policies, this.#work].map((part) => part.run(signal)));
  }

  async #enforce(): Promise<void> {
    // With only a part of the cluster known, rules would deny what a policy allows.
    if (!this.#pods.synced || !this.#namespaces.synced || !this.#policies.synced) return;
    const isolated = compilePolicies({
      pods: this.#pods.store.values(),
      namespaces: this.#namespaces.store.values(),
      policies: this.#policies.store.values(),
    });
    const text = rulesetText(isolated, this.#options.nodeAddresses, this.#options.clientAddresses);
    if (text === this.#loaded) return;
    await this.#options.load(text);
    this.#loaded = text;
    this.#options.log.info("policy-loaded", {
      policies: this.#policies.store.size,
      pods: this.#pods.store.size,
      isolated: isolated.length,
      bytes: text.length,
    });
  }
}
