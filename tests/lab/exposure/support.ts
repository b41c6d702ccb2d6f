import { randomBytes } from "node:crypto";
import { Agent, type RequestOptions, request } from "node:https";
import type { KubeClient, KubeObject, ResourceRef } from "../../../services/lib/kube/client.ts";
import { eventually } from "../../support/eventually.ts";
import { labUnderTest } from "../../support/lab.ts";
import { createNamespace } from "../../support/namespace.ts";
import { pods } from "../../support/pods.ts";
import { issue } from "../../support/public-certificates.ts";

const core = (kind: string, plural: string, namespaced = true): ResourceRef => ({
  apiVersion: "v1",
  kind,
  plural,
  namespaced,
});
export const namespaces = core("Namespace", "namespaces", false);
const services = core("Service", "services");
const secrets = core("Secret", "secrets");

/** What a pod may take to start or to end beside much else. */
const SLOW_MS = 120_000;

/** Ports of the tests' own Gateway; the platform's has the lab's. */
export const ports = { https: 9443, http: 9080, ssh: 9222 } as const;

/**
 * A server with everything that routes are about: it answers with what it was asked, echoes the frames of a websocket,
 * speaks first on its TCP port, and serves on for a while when it has to end.
 */
const serverScript = `
const { createHash } = require("node:crypto");
const server = require("node:http").createServer((request, response) => {
  const { method, url, headers } = request;
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ server: process.env.NAME, method, url, headers, peer: request.socket.remoteAddress }));
});
server.on("upgrade", (request, socket) => {
  const key = request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  const accept = createHash("sha1").update(key).digest("base64");
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: " + accept + "\\r\\n\\r\\n");
  socket.on("data", (frame) => {
    const length = frame[1] & 127;
    const mask = frame.subarray(2, 6);
    const text = Buffer.from(frame.subarray(6, 6 + length).map((byte, i) => byte ^ mask[i % 4]));
    socket.write(Buffer.concat([Buffer.from([129, length]), text]));
  });
  socket.on("error", () => {});
});
server.keepAliveTimeout = 60000;
server.listen(8080);
require("node:net").createServer((socket) => {
  socket.write("SSH-2.0-sample\\r\\n");
  socket.on("error", () => {});
  socket.pipe(socket);
}).listen(2222);
process.on("SIGTERM", () => setTimeout(() => server.close(() => process.exit(0)), 3000));
`;

export interface Echo {
  readonly server: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly peer: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

interface Pod extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

const gatewayRef = (kind: string, plural: string): ResourceRef => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind,
  plural,
  namespaced: true,
});
export const gateways = gatewayRef("Gateway", "gateways");
export const httpRoutes = gatewayRef("HTTPRoute", "httproutes");
export const tcpRoutes = gatewayRef("TCPRoute", "tcproutes");

/** A namespace of a lab with a Gateway in it, for one spec. */
export class Scene {
  readonly api: KubeClient;
  readonly namespace = `t-${randomBytes(3).toString("hex")}-gate`;
  /** Where the lab's gateway listens. */
  readonly address: string;
  readonly host: string;
  readonly #image: string;
  readonly #gatewayClass: string;
  #ca = "";

  private constructor(api: KubeClient, image: string, gatewayClass: string, address: string) {
    this.api = api;
    this.#image = image;
    this.#gatewayClass = gatewayClass;
    this.address = address;
    this.host = `${this.namespace}.localhost`;
  }

  /** @throws Error where the lab has no gateway of its own */
  static async open(): Promise<Scene> {
    const { client, endpoints } = await labUnderTest();
    const { exposure, nodeBase } = endpoints;
    const [address] = exposure?.gatewayCidrs[0]?.split("/") ?? [];
    if (exposure === undefined || address === undefined) throw new Error("the lab has no gateway of its own");
    const scene = new Scene(client, nodeBase, exposure.gatewayClass, address);
    await createNamespace(client, scene.namespace);
    return scene;
  }

  async close(): Promise<void> {
    await this.api.delete(namespaces, undefined, this.namespace);
  }

  /** A certificate for names, in a Secret. */
  async certificate(name: string, names: readonly string[]): Promise<void> {
    const root = await issue(`root of ${name}`);
    const leaf = await issue(name, { names, usage: "serverAuth" }, root);
    this.#ca += root.pem;
    await this.api.patch(
      secrets,
      this.namespace,
      name,
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name },
        type: "kubernetes.io/tls",
        stringData: { "tls.crt": leaf.pem, "tls.key": leaf.keyPem },
      },
      { type: "apply", fieldManager: "test", force: true },
    );
  }

  async gateway(certificates: readonly string[]): Promise<void> {
    await this.api.create(gateways, this.namespace, {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      metadata: { name: "gate" },
      spec: {
        gatewayClassName: this.#gatewayClass,
        listeners: [
          { name: "http", protocol: "HTTP", port: ports.http },
          {
            name: "https",
            protocol: "HTTPS",
            port: ports.https,
            tls: { certificateRefs: certificates.map((name) => ({ name })) },
          },
          { name: "ssh", protocol: "TCP", port: ports.ssh },
        ],
      },
    });
  }

  async route(name: string, spec: Record<string, unknown>, sectionName = "https", ref = httpRoutes): Promise<void> {
    await this.api.create(ref, this.namespace, {
      apiVersion: ref.apiVersion,
      kind: ref.kind,
      metadata: { name },
      spec: { parentRefs: [{ name: "gate", sectionName }], ...spec },
    });
  }

  /** A Service of the pods of its name. */
  async service(app: string): Promise<void> {
    await this.api.create(services, this.namespace, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: app },
      spec: {
        selector: { app },
        ports: [
          { name: "http", port: 80, targetPort: 8080 },
          { name: "ssh", port: 22, targetPort: 2222 },
        ],
      },
    });
  }

  async server(name: string, app: string): Promise<void> {
    // A server that a busy machine keeps from answering within the default second must not leave its Service.
    const readinessProbe = { httpGet: { path: "/", port: 8080 }, periodSeconds: 1, timeoutSeconds: 30 };
    await this.#pod(name, { app }, { args: ["-e", serverScript], readinessProbe });
    await eventually(
      `pod ${name} is ready`,
      async () => {
        const { status } = await this.api.get<Pod>(pods, this.namespace, name);
        return status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") || undefined;
      },
      SLOW_MS,
    );
  }

  /** Runs a script to its end in a pod, and answers the pod's address and what it printed. */
  async inside(name: string, script: string): Promise<{ readonly address: string; readonly output: string }> {
    await this.#pod(name, {}, { args: ["-e", script] }, { restartPolicy: "Never" });
    const address = await eventually(
      `pod ${name} ends`,
      async () => {
        const { status } = await this.api.get<Pod>(pods, this.namespace, name);
        return status?.phase === "Succeeded" || status?.phase === "Failed" ? (status.podIP ?? "") : undefined;
      },
      SLOW_MS,
    );
    const path = `/api/v1/namespaces/${this.namespace}/pods/${name}/log`;
    return { address, output: String(await this.api.request("GET", path)) };
  }

  async remove(name: string): Promise<void> {
    await this.api.delete(pods, this.namespace, name, { gracePeriodSeconds: 30 });
  }

  async #pod(name: string, labels: object, container: object, spec: object = {}): Promise<void> {
    await this.api.create(pods, this.namespace, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, labels },
      spec: {
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 30,
        containers: [
          {
            name: "main",
            image: this.#image,
            command: ["/nodejs/bin/node"],
            env: [{ name: "NAME", value: name }],
            ...container,
          },
        ],
        ...spec,
      },
    });
  }

  /** Options of a request over TLS to a name, whose certificate must be of our own authorities. */
  target(host: string, path = "/"): RequestOptions {
    return {
      host: this.address,
      port: ports.https,
      path,
      servername: host,
      ca: this.#ca,
      headers: { host: `${host}:${ports.https}` },
      timeout: 30_000,
    };
  }

  get(host: string, path = "/", more: RequestOptions = {}): Promise<Answer> {
    const own = this.target(host, path);
    return send({ agent: false, ...own, ...more, headers: { ...own.headers, ...more.headers } });
  }

  /** Asks until the answer has a status, as when a change is on its way. */
  until(status: number, host: string, path = "/"): Promise<Answer> {
    return eventually(`https://${host}${path} answers ${status}`, async () => {
      const answer = await this.get(host, path);
      return answer.status === status ? answer : undefined;
    });
  }

  keepAlive(): Agent {
    return new Agent({ keepAlive: true, maxSockets: 8 });
  }
}

export function send(options: RequestOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error("timeout")));
    outgoing.on("error", reject);
    outgoing.end();
  });
}

export const echoOf = ({ body }: Answer): Echo => JSON.parse(body) as Echo;
