import { type ClusterState, compilePolicies, type IsolatedPod } from "../../lab/agent/policy-compile.ts";
import { type NetworkPolicy, type PolicyPod, policyPod } from "../../lab/agent/policy-types.ts";
import type { KubeObject } from "../../services/lib/kube/types.ts";

/** A running pod `namespace/name` as the API server shows it, read as the agent reads it. */
export function pod(
  id: string,
  address: string,
  labels: Record<string, string> = {},
  ports: readonly Record<string, unknown>[] = [],
): PolicyPod {
  const [namespace = "", name = ""] = id.split("/");
  return policyPod({
    metadata: { namespace, name, uid: id, labels },
    spec: { containers: [{ ports }] },
    status: { phase: "Running", podIPs: [{ ip: address }] },
  } as KubeObject);
}

export const namespace = (name: string, labels: Record<string, string> = {}): KubeObject => ({
  metadata: { name, uid: name, labels: { "kubernetes.io/metadata.name": name, ...labels } },
});

export function policy(id: string, spec: NonNullable<NetworkPolicy["spec"]>): NetworkPolicy {
  const [namespace = "", name = ""] = id.split("/");
  return { metadata: { namespace, name, uid: id }, spec };
}

/** Two namespaces and four pods: enough for every kind of peer. */
export const web = pod("app/web", "10.200.0.2", { tier: "web" }, [{ name: "http", containerPort: 8080 }]);
export const db = pod("app/db", "10.200.0.3", { tier: "db" }, [
  { name: "sql", containerPort: 5432 },
  { name: "http", containerPort: 9090 },
]);
export const probe = pod("ops/probe", "10.200.0.4", { tier: "web" });
export const dns = pod("ops/dns", "10.200.0.5", { tier: "dns" }, [
  { name: "dns", protocol: "UDP", containerPort: 5353 },
  { name: "http", containerPort: 8080 },
]);
export const pods = [web, db, probe, dns];
export const namespaces = [namespace("app", { team: "one" }), namespace("ops", { team: "two" })];

/** What policies let pass in that cluster. */
export const compiled = (policies: readonly NetworkPolicy[], state: Partial<ClusterState> = {}): IsolatedPod[] =>
  compilePolicies({ pods, namespaces, policies, ...state });
