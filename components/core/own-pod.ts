import type { types } from "@pulumi/kubernetes";

type Container = types.input.core.v1.Container;
type Action = types.input.core.v1.HTTPGetAction;

/** Where a program of ours gives its metrics, and answers probes. */
export const METRICS_PORT = 9090;

/**
 * Probes of a program that says by /livez whether it runs and by /readyz whether it can work.
 * @param action where it is asked, beside the path
 */
export function ownProbes(
  action: Omit<Action, "path"> = { port: "metrics" },
): Pick<Container, "startupProbe" | "livenessProbe" | "readinessProbe"> {
  const probe = (path: string): types.input.core.v1.Probe => ({
    httpGet: { path, ...action },
    periodSeconds: 5,
    timeoutSeconds: 2,
  });
  return {
    startupProbe: { ...probe("/livez"), periodSeconds: 1, failureThreshold: 60 },
    livenessProbe: { ...probe("/livez"), failureThreshold: 6 },
    readinessProbe: { ...probe("/readyz"), periodSeconds: 2, failureThreshold: 2 },
  };
}

/** One replica a node as far as there are nodes; a cluster of one still runs all. */
export const spreadOverNodes = (
  matchLabels: Record<string, string>,
): types.input.core.v1.TopologySpreadConstraint[] => [
  {
    maxSkew: 1,
    topologyKey: "kubernetes.io/hostname",
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels },
  },
];
