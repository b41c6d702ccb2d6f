import assert from "node:assert/strict";
import { type Readiness, readinessOf } from "../../../../lab/engine/providers/kubernetes/readiness.ts";

interface Case {
  readonly what: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly generation?: number;
  readonly spec?: Record<string, unknown>;
  readonly status?: Record<string, unknown>;
  readonly is: Readiness;
}

const condition = (type: string, status: string, rest: Record<string, string> = {}) => ({
  conditions: [
    { type: "Other", status: "True" },
    { type, status, ...rest },
  ],
});
const apps = { apiVersion: "apps/v1", generation: 2 } as const;
const deployment = { ...apps, kind: "Deployment" } as const;
const full = { observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 };
const service = { apiVersion: "v1", kind: "Service" } as const;
const pod = { apiVersion: "v1", kind: "Pod" } as const;
const job = { apiVersion: "batch/v1", kind: "Job" } as const;
const set = { ...apps, kind: "StatefulSet" } as const;
const daemons = { ...apps, kind: "DaemonSet" } as const;
const crd = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" } as const;
const apiService = { apiVersion: "apiregistration.k8s.io/v1", kind: "APIService" } as const;
const late = condition("Progressing", "False", { reason: "ProgressDeadlineExceeded", message: "has timed out" });

const cases: readonly Case[] = [
  { what: "has all its pods", ...deployment, spec: { replicas: 2 }, status: full, is: "ready" },
  { what: "wants no pod", ...deployment, spec: { replicas: 0 }, status: { observedGeneration: 2 }, is: "ready" },
  {
    what: "was not seen since its change",
    ...deployment,
    spec: { replicas: 2 },
    status: { ...full, observedGeneration: 1 },
    is: { waiting: "not yet seen by its controller" },
  },
  { what: "was never seen", ...deployment, is: { waiting: "not yet seen by its controller" } },
  {
    what: "has pods of before",
    ...deployment,
    spec: { replicas: 2 },
    status: { ...full, replicas: 3 },
    is: { waiting: "pods of the earlier version are still there" },
  },
  {
    what: "has not changed all its pods",
    ...deployment,
    spec: { replicas: 2 },
    status: { ...full, updatedReplicas: 1 },
    is: { waiting: "1 of 2 updatedReplicas" },
  },
  {
    what: "has a pod that is not available, and wants one where it says nothing",
    ...deployment,
    status: { observedGeneration: 2, replicas: 1, updatedReplicas: 1, readyReplicas: 1 },
    is: { waiting: "0 of 1 availableReplicas" },
  },
  {
    what: "is past its deadline",
    ...deployment,
    status: { ...full, ...late },
    is: { waiting: "has timed out", failed: true },
  },
  { what: "has all its pods", ...set, spec: { replicas: 2 }, status: full, is: "ready" },
  {
    what: "misses a ready pod",
    ...set,
    spec: { replicas: 2 },
    status: { ...full, readyReplicas: 1 },
    is: { waiting: "1 of 2 readyReplicas" },
  },
  {
    what: "is on every node",
    ...daemons,
    status: { observedGeneration: 2, desiredNumberScheduled: 1, updatedNumberScheduled: 1, numberReady: 1 },
    is: "ready",
  },
  {
    what: "misses a node",
    ...daemons,
    status: { observedGeneration: 2, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberReady: 2 },
    is: { waiting: "2 of 3 numberReady" },
  },
  { what: "is complete", ...job, status: condition("Complete", "True"), is: "ready" },
  { what: "runs", ...job, status: {}, is: { waiting: "condition Complete is missing" } },
  {
    what: "has failed",
    ...job,
    status: condition("Failed", "True", { message: "backoff limit" }),
    is: { waiting: "failed: backoff limit", failed: true },
  },
  { what: "is ready", ...pod, status: { phase: "Running", ...condition("Ready", "True") }, is: "ready" },
  {
    what: "is not ready",
    ...pod,
    status: { phase: "Pending", ...condition("Ready", "False", { message: "unready: [main]" }) },
    is: { waiting: "condition Ready is False: unready: [main]" },
  },
  { what: "has done its work", ...pod, status: { phase: "Succeeded", ...condition("Ready", "False") }, is: "ready" },
  {
    what: "has failed",
    ...pod,
    status: { phase: "Failed", ...condition("Ready", "False") },
    is: { waiting: "phase is Failed", failed: true },
  },
  { what: "has no balancer", ...service, spec: { type: "ClusterIP" }, is: "ready" },
  {
    what: "waits for an address",
    ...service,
    spec: { type: "LoadBalancer" },
    status: { loadBalancer: {} },
    is: { waiting: "no load balancer address yet" },
  },
  {
    what: "has an address",
    ...service,
    spec: { type: "LoadBalancer" },
    status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } },
    is: "ready",
  },
  { what: "is active", apiVersion: "v1", kind: "Namespace", status: { phase: "Active" }, is: "ready" },
  {
    what: "is on its way out",
    apiVersion: "v1",
    kind: "Namespace",
    status: { phase: "Terminating" },
    is: { waiting: "phase is Terminating" },
  },
  { what: "is new", apiVersion: "v1", kind: "Namespace", is: { waiting: "phase is unknown" } },
  { what: "is established", ...crd, status: condition("Established", "True"), is: "ready" },
  { what: "is not established", ...crd, status: {}, is: { waiting: "condition Established is missing" } },
  { what: "is available", ...apiService, status: condition("Available", "True"), is: "ready" },
  {
    what: "is not available",
    ...apiService,
    status: condition("Available", "False", { message: "no endpoints" }),
    is: { waiting: "condition Available is False: no endpoints" },
  },
  { what: "of another group has no rule", apiVersion: "example.com/v1", kind: "Deployment", is: "ready" },
  { what: "has no rule", apiVersion: "v1", kind: "ConfigMap", is: "ready" },
];

describe("readiness", () => {
  for (const { what, apiVersion, kind, generation, spec, status, is } of cases) {
    it(`of ${kind}: ${what}`, () => {
      const metadata = { name: "it", ...(generation === undefined ? {} : { generation }) };
      assert.deepEqual(readinessOf({ apiVersion, kind, metadata, spec, status }), is);
    });
  }
});
