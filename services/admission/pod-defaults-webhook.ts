import { type ApplySettings, applyPodDefaults } from "../lib/pod-defaults/apply.ts";
import type { Pod, PodDefault } from "../lib/pod-defaults/types.ts";
import { type Answer, refusal } from "./mutation.ts";
import type { ReviewRequest } from "./review.ts";

export interface PodDefaultsOptions {
  /** The PodDefaults of a namespace, in order; nothing while they are not known. */
  readonly podDefaultsIn: (namespace: string) => readonly PodDefault[] | undefined;
  readonly settings: ApplySettings;
}

/** `pod-defaults.carrel.dev`: pods get what PodDefaults that select them have; in conflict nothing is applied, as upstream. */
export function podDefaultsWebhook(options: PodDefaultsOptions): (request: ReviewRequest) => Promise<Answer> {
  const { podDefaultsIn, settings } = options;
  return async ({ object, namespace = "" }) => {
    if (!object) return undefined;
    const podDefaults = podDefaultsIn(namespace);
    if (podDefaults === undefined) throw new Error("the PodDefaults are not known yet: try again");
    const outcome = applyPodDefaults(object as unknown as Pod, podDefaults, settings);
    if (outcome.kind === "untouched") return undefined;
    if (outcome.kind === "conflict") return refusal("PodDefaultConflict", [{ message: outcome.message }]);
    return { operations: outcome.operations };
  };
}
