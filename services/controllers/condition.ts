/** What Kubernetes calls a condition. */
export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  /** When `status` last became another. */
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

export type Finding = Pick<Condition, "type" | "status" | "reason" | "message"> & {
  readonly observedGeneration?: number;
};

/** A condition from what was found now and what was said before. */
export function conditionOf(finding: Finding, before: readonly Condition[] | undefined, nowMs: number): Condition {
  const known = before?.find(({ type }) => type === finding.type);
  const isSame = known?.status === finding.status;
  return { ...finding, lastTransitionTime: isSame ? known.lastTransitionTime : new Date(nowMs).toISOString() };
}

/** Whether a condition says something else than before; its time does not count. */
export function isNews(finding: Finding, before: readonly Condition[] | undefined): boolean {
  const known = before?.find(({ type }) => type === finding.type);
  return (["status", "reason", "message", "observedGeneration"] as const).some(
    (field) => known?.[field] !== finding[field],
  );
}
