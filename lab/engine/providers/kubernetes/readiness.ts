import type { KubeJson } from "./object.ts";

/** Ready, or what is still missing; `failed` when waiting longer is of no use. */
export type Readiness = "ready" | { readonly waiting: string; readonly failed?: boolean };

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}
type Numbers = Readonly<Record<string, number | undefined>>;

const specOf = (object: KubeJson): Numbers => (object["spec"] ?? {}) as Numbers;
const statusOf = (object: KubeJson): Numbers => (object["status"] ?? {}) as Numbers;
const conditionOf = (object: KubeJson, type: string): Condition | undefined =>
  ((object["status"] as { conditions?: Condition[] } | undefined)?.conditions ?? []).find((item) => item.type === type);

function isTrue(type: string): (object: KubeJson) => Readiness {
  return (object) => {
    const condition = conditionOf(object, type);
    if (condition?.status === "True") return "ready";
    return {
      waiting: `condition ${type} is ${condition?.status ?? "missing"}${condition?.message ? `: ${condition.message}` : ""}`,
    };
  };
}

function observed(object: KubeJson, then: () => Readiness): Readiness {
  const generation = Number(object.metadata["generation"] ?? 0);
  return (statusOf(object)["observedGeneration"] ?? 0) >= generation
    ? then()
    : { waiting: "not yet seen by its controller" };
}

function counted(object: KubeJson, wanted: number, fields: readonly string[]): Readiness {
  const status = statusOf(object);
  const short = fields.find((field) => (status[field] ?? 0) < wanted);
  return short === undefined ? "ready" : { waiting: `${status[short] ?? 0} of ${wanted} ${short}` };
}

function deployment(object: KubeJson): Readiness {
  return observed(object, () => {
    const progressing = conditionOf(object, "Progressing");
    if (progressing?.reason === "ProgressDeadlineExceeded") return { waiting: progressing.message ?? "", failed: true };
    const wanted = specOf(object)["replicas"] ?? 1;
    if ((statusOf(object)["replicas"] ?? 0) > wanted) return { waiting: "pods of the earlier version are still there" };
    return counted(object, wanted, ["updatedReplicas", "readyReplicas", "availableReplicas"]);
  });
}

function job(object: KubeJson): Readiness {
  const failed = conditionOf(object, "Failed");
  if (failed?.status === "True") return { waiting: `failed: ${failed.message ?? ""}`, failed: true };
  return isTrue("Complete")(object);
}

function service(object: KubeJson): Readiness {
  if ((object["spec"] as { type?: string })?.type !== "LoadBalancer") return "ready";
  const ingress = (object["status"] as { loadBalancer?: { ingress?: unknown[] } })?.loadBalancer?.ingress ?? [];
  return ingress.length > 0 ? "ready" : { waiting: "no load balancer address yet" };
}

/** A pod that has done its work never becomes ready. */
function pod(object: KubeJson): Readiness {
  const phase = (object["status"] as { phase?: string } | undefined)?.phase;
  if (phase === "Succeeded") return "ready";
  return phase === "Failed" ? { waiting: "phase is Failed", failed: true } : isTrue("Ready")(object);
}

function phase(wanted: string): (object: KubeJson) => Readiness {
  return (object) => {
    const is = (object["status"] as { phase?: string } | undefined)?.phase;
    return is === wanted ? "ready" : { waiting: `phase is ${is ?? "unknown"}` };
  };
}

const readiness: Readonly<Record<string, (object: KubeJson) => Readiness>> = {
  "apps/Deployment": deployment,
  "apps/StatefulSet": (object) =>
    observed(object, () => counted(object, specOf(object)["replicas"] ?? 1, ["updatedReplicas", "readyReplicas"])),
  "apps/DaemonSet": (object) =>
    observed(object, () =>
      counted(object, statusOf(object)["desiredNumberScheduled"] ?? 0, ["updatedNumberScheduled", "numberReady"]),
    ),
  "batch/Job": job,
  "/Pod": pod,
  "/Namespace": phase("Active"),
  "/Service": service,
  "apiextensions.k8s.io/CustomResourceDefinition": isTrue("Established"),
  "apiregistration.k8s.io/APIService": isTrue("Available"),
};

/** Whether an object has become what it should be; kinds without a known rule are ready once they exist. */
export function readinessOf(object: KubeJson): Readiness {
  const group = object.apiVersion.includes("/") ? object.apiVersion.split("/")[0] : "";
  return readiness[`${group}/${object.kind}`]?.(object) ?? "ready";
}
