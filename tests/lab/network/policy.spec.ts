import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { KubeClient, KubeObject, ResourceRef } from "../../../services/lib/kube/client.ts";
import { eventually } from "../../support/eventually.ts";
import { eventuallyEqual } from "../../support/eventually-equal.ts";
import { labUnderTest } from "../../support/lab.ts";
import { createNamespace } from "../../support/namespace.ts";
import { pods } from "../../support/pods.ts";

const namespaces: ResourceRef = { apiVersion: "v1", kind: "Namespace", plural: "namespaces", namespaced: false };
const policies: ResourceRef = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  plural: "networkpolicies",
  namespaced: true,
};
const namespace = `t-${randomBytes(3).toString("hex")}-net`;
const PORT = 8080;

interface Pod extends KubeObject {
  readonly status?: { readonly phase?: string; readonly podIP?: string };
}

/** Answers every request; serves until it is stopped. */
const server = `require("node:http").createServer((_, r) => r.end("here")).listen(${PORT})`;
/** Asks an address without end and says what came of it, one line per try. */
const client = (address: string): string => `
const http = require("node:http");
const ask = () => {
  const request = http.get({ host: "${address}", port: ${PORT}, timeout: 2000, agent: false }, (r) => { r.resume(); console.log("reached"); setTimeout(ask, 200); });
  request.on("timeout", () => request.destroy(new Error("timeout")));
  request.on("error", () => { console.log("blocked"); setTimeout(ask, 200); });
};
ask();`;

function podOf(name: string, image: string, script: string): Record<string, unknown> {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: name } },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "main", image, command: ["/nodejs/bin/node", "-e", script] }],
    },
  };
}

const policy = (name: string, spec: Record<string, unknown>): Record<string, unknown> => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name },
  spec,
});

describe("network policies in the lab", () => {
  let api: KubeClient;

  const running = (name: string): Promise<string> =>
    eventually(
      `pod ${name} runs`,
      async () => {
        const { status } = await api.get<Pod>(pods, namespace, name);
        return status?.phase === "Running" ? status.podIP : undefined;
      },
      120_000,
    );
  /** What the last two tries of the client came to, once they agree. */
  const outcome = (expected: string): Promise<void> => {
    const path = `/api/v1/namespaces/${namespace}/pods/client/log`;
    const tail = async (): Promise<string> => String(await api.request("GET", path, { query: { tailLines: 2 } }));
    return eventuallyEqual(`the client is "${expected}"`, tail, `${expected}\n${expected}\n`);
  };

  before(async function () {
    this.timeout(400_000);
    const { client: kube, endpoints } = await labUnderTest();
    api = kube;
    await createNamespace(api, namespace);
    await api.create(pods, namespace, podOf("server", endpoints.nodeBase, server));
    const address = await running("server");
    await api.create(pods, namespace, podOf("client", endpoints.nodeBase, client(address)));
    await running("client");
  });
  after(async () => {
    await api.delete(namespaces, undefined, namespace);
  });

  it("lets everything through where no policy selects a pod", () => outcome("reached"));

  it("denies by default, and lets through what a policy names", async () => {
    await api.create(policies, namespace, policy("deny", { podSelector: {}, policyTypes: ["Ingress"] }));
    await outcome("blocked");
    const from = [{ podSelector: { matchLabels: { app: "client" } } }];
    const ports = [{ protocol: "TCP", port: PORT }];
    await api.create(
      policies,
      namespace,
      policy("allow", { podSelector: { matchLabels: { app: "server" } }, ingress: [{ from, ports }] }),
    );
    await outcome("reached");
  });

  it("judges egress by itself", async () => {
    await api.create(
      policies,
      namespace,
      policy("no-egress", { podSelector: { matchLabels: { app: "client" } }, policyTypes: ["Egress"] }),
    );
    await outcome("blocked");
    await api.delete(policies, namespace, "no-egress");
    await outcome("reached");
  });

  it("is really enforced in the platform's own namespaces", async () => {
    const { items } = await api.list<KubeObject>(policies, "carrel-work");
    assert.deepEqual(items.map(({ metadata }) => metadata.name).sort(), ["allow-dns", "default-deny"]);
  });
});
