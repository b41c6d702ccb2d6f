import { mkdirSync, writeFileSync } from "node:fs";
import { buildNodeBase } from "../../images/node-base.ts";
import { pushImage } from "../../images/oci/image.ts";
import { Registry } from "../../images/oci/registry.ts";
import { KubeClient } from "../../services/lib/kube/client.ts";
import { kubeConfigFromFile } from "../../services/lib/kube/config.ts";
import { UserError } from "../../services/lib/user-error.ts";
import { endpointsFile, type LabEndpoints, labStateDir } from "../endpoints.ts";

/**
 * A lab on a cluster that the user gives by `LAB_KUBECONFIG`, and on a registry that both the machine and the cluster reach by `LAB_REGISTRY`.
 * The lab starts and stops nothing there.
 */
export async function upGiven(name: string, kubeconfig: string, env: NodeJS.ProcessEnv): Promise<LabEndpoints> {
  const host = env["LAB_REGISTRY"];
  if (host === undefined || host === "") {
    throw new UserError(
      "lab-registry",
      "LAB_KUBECONFIG needs LAB_REGISTRY too: name a registry (host:port) that this machine and the cluster's nodes reach",
    );
  }
  const config = kubeConfigFromFile(kubeconfig, env["LAB_CONTEXT"]);
  const client = new KubeClient(config, { timeoutMs: 10_000 });
  await client.request("GET", "/readyz").finally(() => client.close());
  const plainHttp = env["LAB_REGISTRY_PLAIN_HTTP"] === "true";
  const nodeBase = await pushImage(new Registry({ host, plainHttp }), "lab/node-base", await buildNodeBase());
  const endpoints: LabEndpoints = {
    name,
    variant: "kubeconfig",
    kubeconfig,
    context: config.context ?? "",
    server: config.server,
    registry: { host, plainHttp },
    nodeBase,
    controlPlaneCidrs: ["0.0.0.0/0"],
  };
  mkdirSync(labStateDir(name), { recursive: true, mode: 0o700 });
  writeFileSync(endpointsFile(name), `${JSON.stringify(endpoints, null, 2)}\n`);
  return endpoints;
}
