import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import type { KubeClient, KubeObject, ResourceRef } from "../../../services/lib/kube/client.ts";
import { eventually } from "../../support/eventually.ts";
import { createNamespace } from "../../support/namespace.ts";
import { pods } from "../../support/pods.ts";

const namespaces: ResourceRef = { apiVersion: "v1", kind: "Namespace", plural: "namespaces", namespaced: false };
const secrets: ResourceRef = { apiVersion: "v1", kind: "Secret", plural: "secrets", namespaced: true };

export interface PodRequest {
  readonly image: string;
  readonly uid: number;
  readonly gid: number;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Folders that may be written; all else is read-only. */
  readonly writable?: readonly string[];
}

interface Pod extends KubeObject {
  readonly status?: { readonly phase?: string; readonly podIP?: string };
}

const SLOW_MS = 150_000;
const ANSWER_MS = 30_000;

const slug = (path: string): string => path.slice(1).replaceAll("/", "-");

function podOf(name: string, request: PodRequest): Record<string, unknown> {
  const { image, uid, gid, command, args, env = {}, writable = [] } = request;
  const folders = ["/tmp", ...writable];
  const fixed = [{ name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 0,
      securityContext: {
        ...{ runAsNonRoot: true, runAsUser: uid, runAsGroup: gid, fsGroup: gid },
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        {
          ...{ name: "main", image, command, args },
          env: [...fixed, ...Object.entries(env).map(([key, value]) => ({ name: key, value }))],
          securityContext: {
            ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
            capabilities: { drop: ["ALL"] },
          },
          volumeMounts: [
            ...folders.map((path) => ({ name: slug(path), mountPath: path })),
            { name: "secret", mountPath: "/run/secret", readOnly: true },
          ],
        },
      ],
      volumes: [
        ...folders.map((path) => ({ name: slug(path), emptyDir: {} })),
        { name: "secret", secret: { secretName: "stand-ins", defaultMode: 0o440 } },
      ],
    },
  };
}

/** A namespace that enforces Pod Security `restricted`, with pods that may write nothing but what they name. */
export class ScratchNamespace {
  readonly name = `t-${randomBytes(3).toString("hex")}-stand-ins`;
  readonly password = randomBytes(12).toString("hex");
  readonly #api: KubeClient;

  constructor(api: KubeClient) {
    this.#api = api;
  }

  async create(): Promise<void> {
    await createNamespace(this.#api, this.name, { "pod-security.kubernetes.io/enforce": "restricted" });
    const stringData = { password: this.password };
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "stand-ins" }, stringData };
    await this.#api.create(secrets, this.name, secret);
  }

  async remove(): Promise<void> {
    await this.#api.delete(namespaces, undefined, this.name);
  }

  async run(name: string, request: PodRequest): Promise<void> {
    await this.#api.create(pods, this.name, podOf(name, request));
  }

  log(name: string): Promise<string> {
    return this.#api.request("GET", `/api/v1/namespaces/${this.name}/pods/${name}/log`).then(String);
  }

  /** What a pod that ends has printed. */
  async output(name: string): Promise<string> {
    await eventually(
      `pod ${name} ends`,
      async () => {
        const { status } = await this.#api.get<Pod>(pods, this.name, name);
        if (status?.phase === "Failed") throw new Error(await this.log(name));
        return status?.phase === "Succeeded" ? true : undefined;
      },
      SLOW_MS,
    );
    return this.log(name);
  }

  /** The address of a pod that runs. */
  address(name: string): Promise<string> {
    return eventually(
      `pod ${name} runs`,
      async () => {
        const { status } = await this.#api.get<Pod>(pods, this.name, name);
        return status?.phase === "Running" ? status.podIP : undefined;
      },
      SLOW_MS,
    );
  }

  /** The address of a pod that takes connections on a port. */
  async listening(name: string, port: number): Promise<string> {
    const address = await this.address(name);
    await eventually(
      `${name} listens on ${port}`,
      async () => {
        const socket = connect(port, address);
        try {
          await once(socket, "connect", { signal: AbortSignal.timeout(ANSWER_MS) });
        } finally {
          socket.destroy();
        }
        return true;
      },
      SLOW_MS,
    );
    return address;
  }

  /** What a pod answers, once it answers well; on a machine that does much else Java and Python start slowly. */
  async answer(name: string, port: number, path: string): Promise<string> {
    const address = await this.address(name);
    return eventually(
      `${name} answers ${path} on ${port}`,
      async () => {
        const response = await fetch(`http://${address}:${port}${path}`, { signal: AbortSignal.timeout(ANSWER_MS) });
        return response.ok ? await response.text() : undefined;
      },
      SLOW_MS,
    );
  }
}
