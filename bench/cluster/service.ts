import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { bundleService } from "../../images/bundle.ts";
import { nodeEnvironment, nodeFlags } from "../../images/node-runtime.ts";
import { cgroupFolders, createCgroups, removeCgroups } from "../../lab/cluster/cgroups.ts";
import { certificateOf } from "./certificate.ts";
import { imageMirror, refs } from "./objects.ts";
import type { Scene } from "./scene.ts";

const root = join(import.meta.dirname, "..", "..");
const [PORT, METRICS_PORT] = [18443, 19090];
/** As its container is limited on a cluster. */
const [MEMORY_BYTES, CPU_PERIOD_US] = [256 * 1024 * 1024, 100_000];
const READY_MS = 120_000;
const TOKEN_SECONDS = 7200;
const TICKS_PER_SECOND = 100;

/** Its files where a pod has them, its limits, then the program itself; says so before the last step. */
const wrapper = `
set -e
mount -t tmpfs none /run
mkdir -p /run/secrets/kubernetes.io
ln -s "$ACCOUNT" /run/secrets/kubernetes.io/serviceaccount
for folder in $CGROUPS; do echo $$ > "$folder/cgroup.procs"; done
echo exec
exec "$@"
`;

/** What a process has taken so far. */
export interface Usage {
  readonly cpuMs: number;
  readonly rssMiB: number;
  /** The most it ever had. */
  readonly peakMiB: number;
}

/** What the service is reached and run with; the same for all of its processes. */
interface Setup {
  readonly namespace: string;
  readonly folder: string;
  readonly ca: string;
}

function limitCgroups(name: string): string[] {
  createCgroups(name);
  const limits = {
    "memory.max": MEMORY_BYTES,
    "memory.limit_in_bytes": MEMORY_BYTES,
    "cpu.max": `${CPU_PERIOD_US} ${CPU_PERIOD_US}`,
    "cpu.cfs_quota_us": CPU_PERIOD_US,
  };
  const folders = cgroupFolders(name);
  for (const folder of folders) {
    for (const [file, value] of Object.entries(limits)) {
      if (existsSync(join(folder, file))) writeFileSync(join(folder, file), String(value));
    }
  }
  return folders;
}

/** `services/admission` as its image has it, in a process in the lab's network with the limits of its container. */
export class Service {
  readonly #setup: Setup;
  readonly #scene: Scene;
  readonly #cgroup: string;
  #process: ChildProcess | undefined;

  private constructor(scene: Scene, setup: Setup) {
    this.#scene = scene;
    this.#setup = setup;
    this.#cgroup = `carrel-bench-${scene.run}`;
  }

  /** Prepares its account, its certificate and its bundle; nothing runs yet. */
  static async prepare(scene: Scene): Promise<Service> {
    const namespace = await scene.namespace("system");
    const folder = mkdtempSync(join(tmpdir(), "carrel-bench-"));
    scene.defer(async () => rmSync(folder, { recursive: true, force: true }));
    const { cert, key } = await certificateOf(scene.layout.nodeAddress);
    const account = join(folder, "account");
    mkdirSync(account);
    const files = {
      "tls.crt": cert,
      "tls.key": key,
      "main.mjs": (await bundleService("services/admission/main.ts", root)).code,
      "account/ca.crt": scene.config.ca ?? "",
      "account/namespace": namespace,
      "account/token": await accountToken(scene, namespace),
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content, { mode: 0o600 });
    const service = new Service(scene, { namespace, folder, ca: cert });
    scene.defer(() => service.#end());
    return service;
  }

  /** Namespace of its ledgers. */
  get namespace(): string {
    return this.#setup.namespace;
  }

  /** PEM that its certificate is verified with. */
  get ca(): string {
    return this.#setup.ca;
  }

  get address(): string {
    return `${this.#scene.layout.nodeAddress}:${PORT}`;
  }

  url(path: string): string {
    return `https://${this.address}${path}`;
  }

  /** Starts a process in the place of the one before; answers the milliseconds from exec to ready. */
  async start(moreFlags: readonly string[] = []): Promise<number> {
    await this.stop();
    const { layout } = this.#scene;
    const { folder } = this.#setup;
    const program = [process.execPath, ...nodeFlags, ...moreFlags, join(folder, "main.mjs")];
    const inside = ["unshare", "--mount", "sh", "-c", wrapper, "sh", ...program];
    const child = spawn("nsenter", [`--net=${layout.netnsPath}`, ...inside], {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: folder,
      env: this.#environment(),
    });
    this.#process = child;
    if (child.stdout) await once(child.stdout, "data");
    const started = performance.now();
    // What it logs is read and dropped, as a container runtime reads it.
    child.stdout?.resume();
    while ((await this.#statusOf("/readyz")) !== 200) {
      if (child.exitCode !== null || child.signalCode !== null) {
        const how = child.signalCode ?? `code ${child.exitCode}`;
        throw new Error(`the service ended by ${how} before it was ready; SIGKILL is for more memory than it may have`);
      }
      if (performance.now() - started > READY_MS) throw new Error(`the service is not ready after ${READY_MS} ms`);
      // Seldom enough that the asking costs nothing beside the start.
      await pause(10);
    }
    return performance.now() - started;
  }

  /** Ends the process at once. */
  async stop(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  usage(): Usage {
    const folder = `/proc/${this.#process?.pid}`;
    const [, , , , , , , , , , , user = 0, system = 0] = readFileSync(`${folder}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ")
      .map(Number);
    const status = readFileSync(`${folder}/status`, "utf8");
    const mebibytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
    return {
      cpuMs: ((user + system) * 1000) / TICKS_PER_SECOND,
      rssMiB: mebibytes("VmRSS"),
      peakMiB: mebibytes("VmHWM"),
    };
  }

  /** Its metrics as text. */
  metrics(): Promise<string> {
    return new Promise((resolve, reject) => {
      get(`http://${this.#scene.layout.nodeAddress}:${METRICS_PORT}/metrics`, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
      }).on("error", reject);
    });
  }

  /** Reservations that are open in all ledgers, as its own watch knows them. */
  async openReservations(): Promise<number> {
    const found = (await this.metrics()).matchAll(/^carrel_quota_reservations_open\{.*\} (\d+)$/gm);
    return [...found].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** As its container has it, and what the wrapper goes by. */
  #environment(): NodeJS.ProcessEnv {
    const { layout } = this.#scene;
    const { folder, namespace } = this.#setup;
    return {
      PATH: process.env["PATH"],
      ...nodeEnvironment,
      ACCOUNT: join(folder, "account"),
      CGROUPS: limitCgroups(this.#cgroup).join(" "),
      NODE_ENV: "production",
      KUBERNETES_SERVICE_HOST: layout.nodeAddress,
      KUBERNETES_SERVICE_PORT: "6443",
      NAMESPACE: namespace,
      TLS_DIR: folder,
      PORT: String(PORT),
      METRICS_PORT: String(METRICS_PORT),
      IMAGE_MIRROR: JSON.stringify(imageMirror),
      LOG_LEVEL: "warn",
    };
  }

  #statusOf(path: string): Promise<number> {
    return new Promise((resolve) => {
      get(`http://${this.#scene.layout.nodeAddress}:${METRICS_PORT}${path}`, { agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      }).on("error", () => resolve(0));
    });
  }

  async #end(): Promise<void> {
    await this.stop();
    removeCgroups(this.#cgroup);
  }
}

/** A token of an account that may do what admission may do. */
async function accountToken(scene: Scene, namespace: string): Promise<string> {
  const name = scene.name("admission");
  const group = "rbac.authorization.k8s.io";
  const read = ["get", "list", "watch"];
  const rules = [
    { apiGroups: [""], resources: ["pods"], verbs: read },
    { apiGroups: ["carrel.dev"], resources: ["groups"], verbs: read },
    { apiGroups: ["carrel.dev"], resources: ["quotaledgers"], verbs: [...read, "create", "update", "delete"] },
    { apiGroups: ["kubeflow.org"], resources: ["poddefaults"], verbs: read },
    { apiGroups: ["kubeflow.org"], resources: ["poddefaults/status"], verbs: ["patch"] },
    { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "patch"] },
  ];
  const { apiVersion, kind } = refs.roles;
  await scene.make(refs.accounts, namespace, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name } });
  await scene.make(refs.roles, undefined, { apiVersion, kind, metadata: { name }, rules });
  await scene.make(refs.bindings, undefined, {
    apiVersion,
    kind: refs.bindings.kind,
    metadata: { name },
    roleRef: { apiGroup: group, kind, name },
    subjects: [{ kind: "ServiceAccount", name, namespace }],
  });
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const body = {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: { expirationSeconds: TOKEN_SECONDS },
  };
  const { status } = (await scene.client.request("POST", path, { body })) as { status: { token: string } };
  return status.token;
}
