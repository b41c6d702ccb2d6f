import type { KubeObject } from "../../services/lib/kube/types.ts";
import type { Condition } from "./objects.ts";

/** A condition before it is known since when it holds. */
export type Finding = Pick<Condition, "type" | "status" | "reason" | "message">;

export const yes = (type: string, reason: string = type): Finding => ({ type, status: "True", reason, message: "" });

export const no = (type: string, reason: string, message: string): Finding => ({
  type,
  status: "False",
  reason,
  message,
});

/** The findings as conditions of an object; what did not change keeps its time. */
export function conditionsOf(
  findings: readonly Finding[],
  before: readonly Condition[] | undefined,
  { metadata }: KubeObject,
  now: string,
): Condition[] {
  return findings.map((finding) => {
    const earlier = before?.find(({ type }) => type === finding.type);
    const lastTransitionTime = earlier?.status === finding.status ? earlier.lastTransitionTime : now;
    const generation = metadata.generation === undefined ? {} : { observedGeneration: metadata.generation };
    return { ...finding, ...generation, lastTransitionTime };
  });
}
