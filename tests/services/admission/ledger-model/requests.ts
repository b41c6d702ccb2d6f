import type { Denial } from "../../../../quota/denial.ts";
import type { Claim } from "../../../../services/admission/ledger/plan.ts";
import { amountsOf, type Pod } from "./cluster.ts";
import type { Creation, Resizing } from "./script.ts";
import type { World } from "./world.ts";

/** An API request lives this long, and waits this long for admission. */
const REQUEST_MS = 34_000;
const WEBHOOK_MS = 5_000;

export const uidOf = (number: number): string => `u${number}`;
export const nameOf = (number: number): string => `pod-${number}`;

/** The API server's part: it asks admission, and does later what was allowed, or something else refuses it. */
export class Requests {
  open = 0;
  readonly #world: World;
  #reviews = 0;
  /** Wanted for pods that are not there yet. */
  readonly #later = new Map<number, Resizing[]>();

  constructor(world: World) {
    this.#world = world;
  }

  create(step: Creation): void {
    const { audit, agenda } = this.#world;
    const { number, user, slots, dryRun } = step;
    const slot = nameOf(number);
    const bound = this.#world.highestQuota();
    const endMs = agenda.now + REQUEST_MS;
    audit.opened(slot, dryRun);
    this.open++;
    const end = (): void => {
      this.open--;
      audit.ended(slot, agenda.now);
    };
    const amounts = amountsOf(slots);
    const claim: Claim = { uid: uidOf(number), namespace: "work", name: slot, user, amounts, dryRun };
    this.#ask(claim, step, (isAllowed) => {
      this.#world.count(isAllowed ? "allowed" : "not allowed");
      if (!isAllowed || dryRun) return end();
      agenda.after(Math.min(step.writtenAfterMs, endMs - agenda.now), () => {
        if (step.isWritten) this.#add(step, bound);
        end();
      });
    });
  }

  resize(step: Resizing): void {
    const pod = this.#world.cluster.pods.get(uidOf(step.pod));
    if (!pod) this.#later.set(step.pod, [...(this.#later.get(step.pod) ?? []), step]);
    if (!pod?.isLive) return;
    const { audit, agenda } = this.#world;
    const slot = `${nameOf(step.pod)}/resize`;
    audit.opened(slot, false);
    this.open++;
    this.#attempt(step, pod, agenda.now + REQUEST_MS, () => {
      this.open--;
      audit.ended(slot, agenda.now);
    });
  }

  #add({ number, user, slots, livesMs, finishes }: Creation, bound: number): void {
    const world = this.#world;
    const pod = world.cluster.addPod(uidOf(number), user, slots, bound);
    world.count("pod");
    world.trace?.(`${pod.uid} is there at ${pod.version}`);
    world.audit.grew(pod);
    world.heard("pods");
    for (const step of this.#later.get(number) ?? []) world.agenda.after(world.lag(), () => this.resize(step));
    if (livesMs === undefined) return;
    world.agenda.after(livesMs, () => {
      pod.isLive = false;
      pod.isThere = finishes;
      world.podChanged(pod, finishes ? "has finished" : "is deleted");
    });
  }

  /** A write is made only to what admission was asked about; otherwise it is asked again, as long as there is time. */
  #attempt(step: Resizing, pod: Pod, endMs: number, end: () => void): void {
    const { agenda, audit } = this.#world;
    const { version } = pod;
    const bound = this.#world.highestQuota();
    this.#ask(this.#growth(step, pod), step, (isAllowed) => {
      if (!isAllowed) return end();
      agenda.after(Math.max(0, Math.min(step.writtenAfterMs, endMs - agenda.now)), () => {
        if (!step.isWritten || !pod.isLive) return end();
        if (pod.version !== version) {
          return agenda.now + WEBHOOK_MS < endMs ? this.#attempt(step, pod, endMs, end) : end();
        }
        if (step.slots > pod.slots) pod.bound = Math.max(pod.bound, bound);
        pod.slots = step.slots;
        this.#world.count("resized");
        this.#world.podChanged(pod, `has ${step.slots} slots`);
        audit.grew(pod);
        agenda.after(step.kubeletMs, () => this.#report(pod));
        end();
      });
    });
  }

  #report(pod: Pod): void {
    if (!pod.isLive) return;
    pod.has = pod.slots;
    this.#world.podChanged(pod, "is resized by the kubelet");
  }

  #growth({ pod: number, slots }: Resizing, { uid, user, version }: Pod): Claim {
    return {
      uid,
      namespace: "work",
      name: nameOf(number),
      user,
      amounts: amountsOf(slots),
      dryRun: false,
      resize: { podVersion: version, request: `r${++this.#reviews}` },
    };
  }

  #ask(claim: Claim, step: Creation | Resizing, answer: (isAllowed: boolean) => void): void {
    const { agenda } = this.#world;
    let waits = true;
    const take = (isAllowed: boolean): void => {
      if (!waits) return;
      waits = false;
      answer(isAllowed);
    };
    agenda.after(WEBHOOK_MS, () => take(false));
    this.#deliver(claim, step.replica, step.answerLost, take);
    const { again } = step;
    if (!again) return;
    agenda.after(again.afterMs, () => {
      this.#world.count("asked twice");
      this.#deliver(claim, again.replica, false, take);
    });
  }

  #deliver(claim: Claim, number: number, isLost: boolean, take: (isAllowed: boolean) => void): void {
    const world = this.#world;
    const replica = world.replicas[number];
    if (!replica?.isAlive) {
      take(false);
      return;
    }
    const own = world.variant.ignoresUids ? { ...claim, uid: `${claim.uid}-${++this.#reviews}` } : claim;
    const answered = (denied: Denial | undefined): void => {
      const text = denied ? denied.message : "yes";
      world.trace?.(
        `replica ${number} answers ${claim.uid} ${claim.resize?.request ?? ""}: ${text}${isLost ? " (lost)" : ""}`,
      );
      if (!isLost) world.agenda.after(world.lag(), () => take(denied === undefined));
    };
    replica.after(world.lag(), () => {
      world.trace?.(`replica ${number} is asked about ${claim.uid} ${claim.resize?.request ?? ""}`);
      const slot = `${claim.name}${claim.resize ? "/resize" : ""}`;
      // Who is asked again after the pod has come and gone reserves for nothing, and defends it.
      if (!world.audit.asked(slot, world.agenda.now)) world.awaitForgetting();
      replica.decide({ claim: own, answer: answered });
    });
  }
}
