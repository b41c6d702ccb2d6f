import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { KubeConfig } from "../../services/lib/kube/client.ts";
import { UserError } from "../../services/lib/user-error.ts";
import { findLab, stateRoot } from "../endpoints.ts";

/** Refuses a cluster, by throwing, that this engine may not change. */
export type Guard = (config: KubeConfig) => void;

/** The API servers of the labs that run on this machine and that the lab itself started. */
export function labServers(): readonly string[] {
  let names: string[];
  try {
    names = readdirSync(join(stateRoot(), "labs"));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const lab = /^[a-z][a-z0-9-]{0,19}$/.test(name) ? findLab(name) : undefined;
    return lab === undefined || lab.variant === "kubeconfig" ? [] : [lab.server];
  });
}

/**
 * Lets through the labs' own clusters, and contexts that the operator names.
 * @param allowed names of `--allow-cluster`
 */
export function clusterGuard(allowed: readonly string[], servers: () => readonly string[] = labServers): Guard {
  return ({ server, context }) => {
    if (servers().includes(server)) return;
    if (context !== undefined && allowed.includes(context)) return;
    throw new UserError(
      "cluster-refused",
      `the lab's engine does not change cluster ${server} (context "${context ?? ""}"), which no lab on this machine started: use Pulumi's CLI, or pass --allow-cluster ${context ?? "CONTEXT"}`,
    );
  };
}
