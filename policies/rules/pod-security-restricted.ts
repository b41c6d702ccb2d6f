import {
  type Container,
  containersOf,
  type PodSpec,
  podSpecOf,
  type SecurityContext,
  type Subject,
} from "../kubernetes.ts";
import { fieldProblem, resourcePolicy } from "../rule.ts";

const HOST_FIELDS = ["hostNetwork", "hostPID", "hostIPC"] as const;
const SECCOMP: readonly unknown[] = ["RuntimeDefault", "Localhost"];
const VOLUMES: readonly string[] = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];

/** A pod's own context may be silent, each container then has to speak. */
function* sharedProblems(
  where: string,
  { runAsNonRoot, runAsUser, seccompProfile }: SecurityContext,
): Iterable<string> {
  if (runAsNonRoot === false) {
    yield fieldProblem(where, "securityContext.runAsNonRoot", runAsNonRoot, "write true");
  }
  if (runAsUser === 0)
    yield fieldProblem(where, "securityContext.runAsUser", runAsUser, "write another user than root");
  const seccomp = seccompProfile?.type;
  if (seccomp !== undefined && !SECCOMP.includes(seccomp)) {
    yield fieldProblem(where, "securityContext.seccompProfile.type", seccomp, "write RuntimeDefault");
  }
}

function* podProblems(where: string, spec: PodSpec): Iterable<string> {
  for (const field of HOST_FIELDS) {
    if (spec[field]) yield fieldProblem(where, field, spec[field], "leave it out");
  }
  for (const volume of spec.volumes ?? []) {
    const source = Object.keys(volume).find((key) => key !== "name" && !VOLUMES.includes(key));
    if (source === undefined) continue;
    yield fieldProblem(where, `volume "${volume["name"]}"`, source, "use a persistentVolumeClaim, csi or emptyDir");
  }
  yield* sharedProblems(where, spec.securityContext ?? {});
}

/** What a container inherits from its pod when it is silent itself. */
function* inheritedProblems(where: string, container: Container, pod: SecurityContext): Iterable<string> {
  const own = container.securityContext ?? {};
  yield* sharedProblems(where, own);
  if ((own.runAsNonRoot ?? pod.runAsNonRoot) === undefined) {
    yield fieldProblem(where, "securityContext.runAsNonRoot", undefined, "write true here or for the pod");
  }
  if ((own.seccompProfile?.type ?? pod.seccompProfile?.type) === undefined) {
    const remedy = "write RuntimeDefault here or for the pod";
    yield fieldProblem(where, "securityContext.seccompProfile.type", undefined, remedy);
  }
}

function* containerProblems(where: string, { securityContext = {}, ports }: Container): Iterable<string> {
  const { privileged, allowPrivilegeEscalation, capabilities } = securityContext;
  const problem = (field: string, value: unknown, remedy: string): string =>
    fieldProblem(where, `securityContext.${field}`, value, remedy);
  if (privileged) yield problem("privileged", privileged, "leave it out");
  if (allowPrivilegeEscalation !== false) {
    yield problem("allowPrivilegeEscalation", allowPrivilegeEscalation, "write false");
  }
  if (!capabilities?.drop?.includes("ALL")) yield problem("capabilities.drop", capabilities?.drop, 'write ["ALL"]');
  const added = capabilities?.add ?? [];
  if (added.some((capability) => capability !== "NET_BIND_SERVICE")) {
    yield problem("capabilities.add", added, "only NET_BIND_SERVICE may be added");
  }
  for (const { hostPort } of ports ?? []) {
    if (hostPort) yield fieldProblem(where, "hostPort", hostPort, "leave it out and use a Service");
  }
}

/** Each workload meets Kubernetes' restricted profile, whatever its namespace enforces. */
export function* podSecurityProblems(subject: Subject, exceptions: readonly string[]): Iterable<string> {
  const spec = podSpecOf(subject);
  if (spec === undefined) return;
  // A namespace that a preview does not know yet matters only where one is excepted.
  if (exceptions.length > 0 && exceptions.includes(subject.object.metadata?.namespace ?? "default")) return;
  yield* podProblems(subject.where, spec);
  for (const { where, container } of containersOf(subject)) {
    yield* inheritedProblems(where, container, spec.securityContext ?? {});
    yield* containerProblems(where, container);
  }
}

/** Configured by `exceptions`: namespaces of workloads that need the host. */
export const podSecurityRestricted = resourcePolicy({
  name: "pod-security-restricted",
  description: "Workloads meet the restricted pod security profile.",
  option: { name: "exceptions", description: "namespaces whose workloads may need more" },
  problems: podSecurityProblems,
});
