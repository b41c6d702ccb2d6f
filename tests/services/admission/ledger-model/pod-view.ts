import { type Amounts, add, nothing, subtract } from "../../../../quota/resources.ts";
import type { Seen } from "../../../../services/admission/ledger/plan.ts";
import { amountsOf, type Cluster, type PodChange } from "./cluster.ts";

/** Of all views: a list shows less than the changes that it takes the place of. */
let revisions = 0;

/** What one replica's watch has shown of the pods: the history up to some change. */
export class PodView implements Seen {
  revision = revisions++;
  /** The version that the watch has reached. */
  version: string;
  #next: number;
  readonly #cluster: Cluster;
  readonly #versions = new Map<string, string>();
  readonly #charged = new Map<string, Amounts>();
  readonly #members = new Map<string, Amounts>();
  #total = nothing;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.version = cluster.version;
    this.#next = cluster.podLog.length;
    for (const { uid, isThere, version } of cluster.pods.values()) {
      const last = cluster.podLog.findLast((change) => change.uid === uid);
      if (isThere && last) this.#apply({ ...last, version });
    }
    this.version = cluster.version;
  }

  get isCurrent(): boolean {
    return this.#next === this.#cluster.podLog.length;
  }

  /** Takes the history before a change of a number. */
  catchUp(end: number): void {
    for (const change of this.#cluster.podLog.slice(this.#next, end)) this.#apply(change);
    this.#next = Math.max(this.#next, end);
  }

  seen(uid: string): string | undefined {
    return this.#versions.get(uid);
  }

  charged(uid: string): Amounts | undefined {
    return this.#charged.get(uid);
  }

  total(): Amounts {
    return this.#total;
  }

  ofMember(_group: string, user: string): Amounts {
    return this.#members.get(user) ?? nothing;
  }

  #apply({ version, uid, user, slots }: PodChange): void {
    this.version = version;
    this.revision = revisions++;
    this.#versions.set(uid, version);
    const old = this.#charged.get(uid);
    const now = slots > 0 ? amountsOf(slots) : undefined;
    if (old === now) return;
    if (now) this.#charged.set(uid, now);
    else this.#charged.delete(uid);
    const change = subtract(now ?? nothing, old ?? nothing);
    this.#total = add(this.#total, change);
    this.#members.set(user, add(this.ofMember("", user), change));
  }
}
