import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildNodeBase } from "../../images/node-base.ts";
import { pushImage } from "../../images/oci/image.ts";
import { Registry } from "../../images/oci/registry.ts";
import { endpointsFile, type LabEndpoints, labStateDir } from "../endpoints.ts";
import type { Progress } from "../progress.ts";
import { attempt, run } from "./run.ts";

/** Port of the registry on the machine's loopback; the node reaches it by the registry container's name. */
const REGISTRY_PORT = 5001;
const REGISTRY_IMAGE = "docker.io/library/registry:3";

/** kind's cluster configuration: a node that asks the registry container for what is pushed to the loopback port. */
export function kindConfig(registryContainer: string, port: number = REGISTRY_PORT): string {
  return `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
  - role: control-plane
containerdConfigPatches:
  - |-
    [plugins."io.containerd.grpc.v1.cri".registry.mirrors."localhost:${port}"]
      endpoint = ["http://${registryContainer}:5000"]
`;
}

async function ensureCluster(cluster: string, kubeconfig: string, registry: string): Promise<void> {
  if ((await run("kind", ["get", "clusters"])).split("\n").includes(cluster)) return;
  const args = ["create", "cluster", "--name", cluster, "--kubeconfig", kubeconfig, "--wait", "120s", "--config", "-"];
  await run("kind", args, { input: kindConfig(registry), timeoutMs: 600_000 });
}

async function ensureRegistry(engine: string, name: string): Promise<void> {
  if (await attempt(engine, ["inspect", name])) return;
  const port = `127.0.0.1:${REGISTRY_PORT}:5000`;
  await run(engine, ["run", "-d", "--name", name, "--network", "kind", "-p", port, REGISTRY_IMAGE]);
}

async function serverOf(kubeconfig: string): Promise<string> {
  const jsonpath = "jsonpath={.clusters[0].cluster.server}";
  return (await run("kubectl", ["--kubeconfig", kubeconfig, "config", "view", "--minify", "-o", jsonpath])).trim();
}

/** A lab on kind, with a registry container beside it. */
export async function upKind(name: string, engine: string, progress: Progress): Promise<LabEndpoints> {
  const cluster = `carrel-${name}`;
  const folder = labStateDir(name);
  const kubeconfig = join(folder, "kubeconfig");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await progress.step("kind cluster", () => ensureCluster(cluster, kubeconfig, `${cluster}-registry`));
  await progress.step("registry", () => ensureRegistry(engine, `${cluster}-registry`));
  const host = `localhost:${REGISTRY_PORT}`;
  const nodeBase = await pushImage(new Registry({ host, plainHttp: true }), "lab/node-base", await buildNodeBase());
  const endpoints: LabEndpoints = {
    name,
    variant: "kind",
    kubeconfig,
    context: `kind-${cluster}`,
    server: await serverOf(kubeconfig),
    registry: { host, plainHttp: true },
    nodeBase,
    controlPlaneCidrs: ["0.0.0.0/0"],
  };
  writeFileSync(endpointsFile(name), `${JSON.stringify(endpoints, null, 2)}\n`);
  return endpoints;
}

export async function downKind(name: string, engine: string): Promise<void> {
  await attempt(engine, ["rm", "-f", `carrel-${name}-registry`]);
  await run("kind", ["delete", "cluster", "--name", `carrel-${name}`]);
}
