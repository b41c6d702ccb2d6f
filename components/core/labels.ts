/** The public contract of labels (docs/guides/admission.md); others rely on these names. */
export const QUOTA_NAMESPACE_LABEL = "primehub.io/resources-validation-webhook";
export const IMAGE_MIRROR_NAMESPACE_LABEL = "primehub.io/image-mutation-webhook";
export const POD_DEFAULTS_NAMESPACE_LABEL = "carrel.dev/pod-defaults";
export const ENABLED = "enabled";

/** What a namespace opts in to. */
export interface OptIns {
  /** Quota is enforced on the pods in it. */
  readonly quota: boolean;
  /** PodDefaults are injected into its pods. */
  readonly podDefaults: boolean;
  /** Its pods' images come from the mirror. */
  readonly imageMirror: boolean;
}

/** The labels by which admission selects a namespace. */
export function optInLabels({ quota, podDefaults, imageMirror }: OptIns): Record<string, string> {
  return {
    ...(quota ? { [QUOTA_NAMESPACE_LABEL]: ENABLED } : {}),
    ...(podDefaults ? { [POD_DEFAULTS_NAMESPACE_LABEL]: ENABLED } : {}),
    ...(imageMirror ? { [IMAGE_MIRROR_NAMESPACE_LABEL]: ENABLED } : {}),
  };
}

const PART_OF = "carrel";

/** Labels that every object of the platform carries. */
export function commonLabels(component: string): Record<string, string> {
  return {
    "app.kubernetes.io/part-of": PART_OF,
    "app.kubernetes.io/managed-by": "pulumi",
    "app.kubernetes.io/component": component,
  };
}

/** Labels by which one workload's pods are selected; they never change. */
export function selectorLabels(component: string): Record<string, string> {
  return { "app.kubernetes.io/part-of": PART_OF, "app.kubernetes.io/name": component };
}

export type PodSecurityLevel = "privileged" | "baseline" | "restricted";

/** Pod Security admission at one level, in all its modes. */
export function podSecurityLabels(level: PodSecurityLevel): Record<string, string> {
  const modes = ["enforce", "audit", "warn"].map((mode) => [`pod-security.kubernetes.io/${mode}`, level] as const);
  return Object.fromEntries(modes);
}
