import assert from "node:assert/strict";
import { status } from "../../lab/platform/status.ts";
import { Scratch } from "../lab-cluster/environment.ts";
import { json, type ScriptedServer, scriptedServer } from "../services/lib/kube/scripted-server.ts";

const labels = (component: string) => ({ "app.kubernetes.io/component": component });
const workload = (name: string, component: string, readyReplicas: number) => ({
  metadata: { name, namespace: "n", labels: labels(component) },
  spec: { replicas: 1 },
  status: { readyReplicas },
});
const pod = (name: string, ready: boolean, waiting?: object) => ({
  metadata: { name, namespace: "carrel-hub" },
  status: {
    phase: "Running",
    containerStatuses: [
      { name: "main", ready, restartCount: 2, ...(waiting === undefined ? {} : { state: { waiting } }) },
    ],
  },
});
const listeners = [
  { name: "https", port: 8443, protocol: "HTTPS" },
  { name: "ssh", port: 2222, protocol: "TCP" },
];
const hub = {
  hostnames: ["h.localhost"],
  rules: [{ matches: [{ path: { value: "/" } }], backendRefs: [{ name: "p" }] }],
};

const platform: Readonly<Record<string, readonly object[]>> = {
  nodes: [{ metadata: { name: "carrel-spec" }, status: { conditions: [{ type: "Ready", status: "True" }] } }],
  pods: [pod("hub-1", true), pod("ssh-1", false, { reason: "ImagePullBackOff", message: "no such image" })],
  deployments: [workload("hub", "hub", 1), workload("ssh", "ssh", 0)],
  statefulsets: [workload("keycloak", "identity", 1)],
  gateways: [
    {
      metadata: { name: "carrel" },
      spec: { listeners },
      status: { conditions: [{ type: "Programmed", status: "True" }] },
    },
  ],
  httproutes: [{ metadata: { name: "hub" }, spec: hub }],
};

describe("status", () => {
  let scratch: Scratch;
  let server: ScriptedServer;
  let objects: Readonly<Record<string, readonly object[]>>;
  beforeEach(async () => {
    scratch = new Scratch();
    scratch.ownLabs();
    server = await scriptedServer((seen, response) => {
      const items = objects[seen.path.split("/").at(-1) ?? ""];
      const answer = items === undefined ? json(404, {}) : json(200, { items, metadata: { resourceVersion: "1" } });
      answer(seen, response);
    });
    const kubeconfig = scratch.write(
      "kubeconfig",
      JSON.stringify({
        "current-context": "c",
        clusters: [{ name: "c", cluster: { server: server.url } }],
        contexts: [{ name: "c", context: { cluster: "c" } }],
      }),
    );
    const lab = { name: "spec", variant: "built", kubeconfig, context: "c", server: "https://10.189.1.2:6443" };
    scratch.write("state/labs/spec/endpoints.json", JSON.stringify(lab));
  });
  afterEach(async () => {
    await server.close();
    scratch.restore();
  });

  const head = (): string => `lab "spec": built, https://10.189.1.2:6443\nkubeconfig: ${scratch.folder}/kubeconfig\n`;

  it("has the URLs, each part's health, nodes and pods", async () => {
    objects = platform;
    assert.equal(
      await status("spec"),
      `${head()}open:
  hub          https://h.localhost:8443
  ssh          ssh -p 2222 USER@h.localhost
parts:
  hub          ready      hub 1/1
  identity     ready      keycloak 1/1
  ssh          NOT READY  ssh 0/1
  exposure     ready      Gateway programmed
nodes:
  carrel-spec Ready
pods:
  ${"carrel-hub/hub-1".padEnd(56)} Running  1/1 ready  2 restarts
  ${"carrel-hub/ssh-1".padEnd(56)} Running  0/1 ready  2 restarts  main: ImagePullBackOff no such image
`,
    );
  });

  it("leaves out what a lab without a platform does not have", async () => {
    const { nodes = [] } = platform;
    objects = { nodes, pods: [], deployments: [], statefulsets: [] };
    assert.equal(await status("spec"), `${head()}nodes:\n  carrel-spec Ready\npods:\n`);
  });

  it("says how a lab is started that does not run", async () => {
    assert.equal(await status("other"), 'lab "other" is not running: `make up` starts it\n');
  });
});
