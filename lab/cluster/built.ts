import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { KubeClient } from "../../services/lib/kube/client.ts";
import { kubeConfigFromFile } from "../../services/lib/kube/config.ts";
import { UserError } from "../../services/lib/user-error.ts";
import { endpointsFile, findLab, type LabEndpoints, labStateDir, stateRoot } from "../endpoints.ts";
import { type Progress, StepError } from "../progress.ts";
import { applyAddons, notReady } from "./addons.ts";
import { ensureBinaries } from "./binaries.ts";
import { createCgroups } from "./cgroups.ts";
import { componentsOf, volumesFolder } from "./components.ts";
import { applyGatewayApi, GATEWAY_CLASS } from "./gateway-api.ts";
import { pushLabImages } from "./images.ts";
import { type LabLayout, labLayout, MAX_LABS } from "./layout.ts";
import { withLock } from "./lock.ts";
import { createNetwork } from "./network.ts";
import { cniConfig, containerdToml, kubeletConfiguration, registryHostsToml, registryYaml } from "./node-config.ts";
import { installPackages } from "./packages.ts";
import { writePki } from "./pki.ts";
import { identify, isAlive } from "./process-identity.ts";
import { supervisorFile, supervisorOf, tearDown } from "./teardown.ts";

const layoutFile = (name: string): string => join(labStateDir(name), "index");

function indexOf(name: string): number | undefined {
  return existsSync(layoutFile(name)) ? Number(readFileSync(layoutFile(name), "utf8")) : undefined;
}

/** The layout of a lab that left anything behind. */
export function existingLayout(name: string): LabLayout | undefined {
  const index = indexOf(name);
  return index === undefined ? undefined : labLayout(name, index);
}

/** Takes the lowest index that no other lab has; `dev` always has 0, which its committed stack relies on. */
function allocate(name: string): Promise<LabLayout> {
  return withLock(join(stateRoot(), "labs.lock"), "the table of labs", async () => {
    const folder = join(stateRoot(), "labs");
    mkdirSync(folder, { recursive: true });
    const taken = new Set(readdirSync(folder).map((other) => indexOf(other)));
    const free = Array.from({ length: MAX_LABS }, (_, i) => i).find((i) =>
      name === "dev" ? i === 0 : i > 0 && !taken.has(i),
    );
    if (free === undefined) {
      throw new UserError("labs-full", `${MAX_LABS} labs run already: stop one with \`LAB_NAME=... make down\``);
    }
    mkdirSync(labStateDir(name), { recursive: true, mode: 0o700 });
    writeFileSync(layoutFile(name), String(free));
    return labLayout(name, free);
  });
}

function writeConfiguration(layout: LabLayout, bin: string): void {
  const write = (file: string, text: string): void => {
    const path = join(layout.stateDir, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  mkdirSync(layout.logDir, { recursive: true });
  mkdirSync(volumesFolder(layout), { recursive: true });
  // By tag: the digest is known only when the registry runs, and containerd has to be configured before.
  write("containerd.toml", containerdToml(layout, `${layout.registry}/lab/pause:1`));
  write(`certs.d/${layout.registry}/hosts.toml`, registryHostsToml(layout));
  write("cni/10-lab.conflist", JSON.stringify(cniConfig(layout)));
  write("kubelet.yaml", JSON.stringify(kubeletConfiguration(layout)));
  write("registry.yaml", registryYaml(layout));
  write("resolv.conf", "search .\n");
  write("components.json", JSON.stringify(componentsOf(layout, bin)));
}

/** Starts the supervisor as the root of new process and mount namespaces, in which files have the paths that they have outside. */
function startSupervisor(layout: LabLayout): void {
  const output = openSync(join(layout.logDir, "supervisor.log"), "a");
  const supervisor = [process.execPath, join(import.meta.dirname, "supervisor.ts"), layout.stateDir];
  const script = 'mount -t tmpfs tmpfs /run/netns && mount --make-rshared / && exec tini -s -- "$@"';
  const child = spawn(
    "nsenter",
    [
      `--net=${layout.netnsPath}`,
      ...["unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "--propagation", "private"],
      ...["sh", "-c", script, "sh", ...supervisor],
    ],
    // The last is how one of its processes finds back into this network, which nothing in the lab can name.
    { detached: true, stdio: ["ignore", output, output, openSync("/proc/self/ns/net", "r")] },
  );
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (!identity) throw new StepError("the supervisor did not start", { log: join(layout.logDir, "supervisor.log") });
  writeFileSync(supervisorFile(layout), JSON.stringify(identity));
  child.unref();
}

async function waitFor(
  what: string,
  layout: LabLayout,
  log: string,
  probe: () => Promise<boolean>,
  timeoutMs = 120_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    if (await probe().catch(() => false)) return;
    const supervisor = supervisorOf(layout);
    const dead = !supervisor || !isAlive(supervisor);
    if (dead || performance.now() > deadline) {
      throw new StepError(
        dead
          ? `the lab's supervisor ended while ${what} was awaited`
          : `${what} is not ready after ${timeoutMs / 1000} s`,
        {
          log: join(layout.logDir, `${dead ? "supervisor" : log}.log`),
          remedy: "see the log; `make down` removes what was started",
        },
      );
    }
    await pause(200);
  }
}

const adminKubeconfig = (layout: LabLayout): string => join(layout.stateDir, "pki", "admin.kubeconfig");

function writeEndpoints(layout: LabLayout, nodeBase: string): LabEndpoints {
  const endpoints: LabEndpoints = {
    name: layout.name,
    variant: "built",
    kubeconfig: adminKubeconfig(layout),
    context: `carrel-${layout.name}`,
    server: layout.apiServer,
    registry: { host: layout.registry, plainHttp: true },
    nodeBase,
    controlPlaneCidrs: [`${layout.nodeAddress}/32`, `${layout.podGateway}/32`],
    exposure: {
      publicPort: layout.publicPort,
      sshPort: layout.sshPort,
      httpPort: layout.httpPort,
      gatewayClass: GATEWAY_CLASS,
      gatewayCidrs: [`${layout.gatewayAddress}/32`],
    },
  };
  const file = endpointsFile(layout.name);
  writeFileSync(`${file}.new`, `${JSON.stringify(endpoints, null, 2)}\n`);
  renameSync(`${file}.new`, file);
  return endpoints;
}

/** Whether the lab of this name runs and answers. */
async function isHealthy(layout: LabLayout): Promise<boolean> {
  const supervisor = supervisorOf(layout);
  if (!supervisor || !isAlive(supervisor)) return false;
  const client = new KubeClient(kubeConfigFromFile(adminKubeconfig(layout)), { timeoutMs: 5_000 });
  try {
    return (await notReady(client, layout)) === undefined;
  } catch {
    return false;
  } finally {
    client.close();
  }
}

/** The last of a lab: what the platform's routes are made of, and what the lab is reached by. */
async function withGateway(
  client: KubeClient,
  layout: LabLayout,
  nodeBase: string,
  progress: Progress,
): Promise<LabEndpoints> {
  await progress.step("Gateway API", () => applyGatewayApi(client));
  return writeEndpoints(layout, nodeBase);
}

async function start(name: string, bin: string, progress: Progress): Promise<LabEndpoints> {
  const layout = await allocate(name);
  await progress.step(`network ${layout.netns} (${layout.nodeCidr})`, () => createNetwork(layout));
  await progress.step("certificates and configuration", async () => {
    await writePki(layout);
    writeConfiguration(layout, bin);
    // At a path that stays the same when versions change, for people to type.
    symlinkSync(join(bin, "kubectl"), join(layout.stateDir, "kubectl"));
    createCgroups(layout.cgroup);
  });
  startSupervisor(layout);
  const client = new KubeClient(kubeConfigFromFile(adminKubeconfig(layout)), { timeoutMs: 5_000 });
  try {
    const images = await progress.step("registry and base images", async () => {
      const registry = `http://${layout.registry}/v2/`;
      await waitFor(
        "the registry",
        layout,
        "registry",
        async () => (await fetch(registry, { signal: AbortSignal.timeout(2_000) })).ok,
      );
      return pushLabImages(layout, bin);
    });
    await progress.step("API server", () =>
      waitFor(
        "the API server",
        layout,
        "kube-apiserver",
        async () => (await client.request("GET", "/readyz")) === "ok",
      ),
    );
    await progress.step("node, cluster DNS and storage", async () => {
      await applyAddons(client, layout, images.coredns);
      await waitFor("the node", layout, "kubelet", async () => (await notReady(client, layout)) === undefined);
    });
    return await withGateway(client, layout, images.nodeBase, progress);
  } finally {
    client.close();
  }
}

/** A healthy lab of this name: the running one, or a new one after what is left of a broken one was removed. */
export async function upBuilt(name: string, progress: Progress): Promise<LabEndpoints> {
  const existing = existingLayout(name);
  const running = findLab(name);
  if (existing && running && (await isHealthy(existing))) return running;
  if (process.getuid?.() !== 0) {
    throw new UserError(
      "not-root",
      "the built lab makes network namespaces and cgroups, which needs root: run this as root",
    );
  }
  await progress.step("system packages", (note) => installPackages(note));
  const bin = await progress.step("Kubernetes, etcd and CoreDNS binaries", (note) => ensureBinaries(note));
  if (existing) await progress.step("what an earlier lab left behind", () => tearDown(existing));
  return start(name, bin, progress);
}
