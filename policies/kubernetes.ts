/** What every rule may read of an object; the rest is cast by the rule that knows the kind. */
export interface KubernetesObject {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** One Kubernetes object of the stack, as a rule sees it. */
export interface Subject {
  /** Group and kind, such as `apps/Deployment`: no rule depends on the version. */
  readonly kind: string;
  /** The name of the resource in the program. */
  readonly name: string;
  /** How messages call it. */
  readonly where: string;
  readonly object: KubernetesObject;
}

/** The objects of one Pulumi resource: none for other providers, several for a `PodList` and its like. */
export function subjectsOf(type: string, name: string, props: KubernetesObject): readonly Subject[] {
  const [, group, kind] = /^kubernetes:([^:]+)\/[^/:]+:([^:]+)$/.exec(type) ?? [];
  if (group === undefined || kind === undefined) return [];
  if (!kind.endsWith("List")) return [{ kind: `${group}/${kind}`, name, where: `${kind} "${name}"`, object: props }];
  const single = kind.slice(0, -"List".length);
  return ((props["items"] ?? []) as readonly KubernetesObject[]).map((object, i) => ({
    kind: `${group}/${single}`,
    name,
    where: `${kind} "${name}", item ${i}`,
    object,
  }));
}

/** What a Namespace is called in the cluster; one without a name there is told by its name in the program. */
export const namespaceNameOf = ({ object, name }: Subject): string => object.metadata?.name ?? name;

/** What a pod may set for all of its containers. */
export interface SecurityContext {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly seccompProfile?: { readonly type?: string };
}

/** What a container may set for itself. */
export interface ContainerSecurityContext extends SecurityContext {
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
}

/** A variable of a container; `valueFrom` stands in the place of a literal value. */
export interface EnvVar {
  readonly name?: string;
  readonly value?: string;
}

/** The fields of a container that the rules read. */
export interface Container {
  readonly name?: string;
  readonly image?: string;
  readonly env?: readonly EnvVar[];
  readonly ports?: readonly { readonly hostPort?: number }[];
  readonly securityContext?: ContainerSecurityContext;
}

/** The fields of a pod that the rules read. */
export interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
  readonly securityContext?: SecurityContext;
}

interface Templated {
  readonly template?: { readonly spec?: PodSpec };
}

const TEMPLATED: readonly string[] = [
  "apps/DaemonSet",
  "apps/Deployment",
  "apps/ReplicaSet",
  "apps/StatefulSet",
  "batch/Job",
  "core/ReplicationController",
];

/** The pods that an object makes, whatever its kind; nothing for a kind that makes none. */
export function podSpecOf({ kind, object }: Subject): PodSpec | undefined {
  if (kind === "core/Pod") return object["spec"] as PodSpec | undefined;
  if (kind === "core/PodTemplate") return (object as Templated).template?.spec;
  if (TEMPLATED.includes(kind)) return (object["spec"] as Templated | undefined)?.template?.spec;
  if (kind !== "batch/CronJob") return undefined;
  return (object["spec"] as { jobTemplate?: { spec?: Templated } } | undefined)?.jobTemplate?.spec?.template?.spec;
}

/** Every container of a workload with the words that find it, init containers first as they run first. */
export function* containersOf(subject: Subject): Iterable<{ readonly where: string; readonly container: Container }> {
  const spec = podSpecOf(subject);
  for (const [word, containers] of [
    ["init container", spec?.initContainers],
    ["container", spec?.containers],
  ] as const) {
    for (const [i, container] of (containers ?? []).entries()) {
      yield { where: `${subject.where}, ${word} "${container.name ?? i}"`, container };
    }
  }
}
