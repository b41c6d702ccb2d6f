import assert from "node:assert/strict";
import { applyAddons, notReady } from "../../lab/cluster/addons.ts";
import { labLayout } from "../../lab/cluster/layout.ts";
import { KubeClient } from "../../services/lib/kube/client.ts";
import { json, type ScriptedServer, scriptedServer } from "../services/lib/kube/scripted-server.ts";

const layout = labLayout("spec", 1, "/s");
const labels = { "k8s-app": "kube-dns" };
const inSystem = (name: string) => ({ name, namespace: "kube-system", labels });

const lists: Record<string, readonly [kind: string, plural: string, namespaced: boolean][]> = {
  "/api/v1": [
    ["ServiceAccount", "serviceaccounts", true],
    ["ConfigMap", "configmaps", true],
    ["Service", "services", true],
  ],
  "/apis/apps/v1": [["Deployment", "deployments", true]],
  "/apis/rbac.authorization.k8s.io/v1": [
    ["ClusterRole", "clusterroles", false],
    ["ClusterRoleBinding", "clusterrolebindings", false],
  ],
  "/apis/storage.k8s.io/v1": [["StorageClass", "storageclasses", false]],
};

describe("the addons of a lab", () => {
  let server: ScriptedServer;
  let client: KubeClient;
  beforeEach(async () => {
    server = await scriptedServer((seen, response) => {
      const resources = (lists[seen.path] ?? []).map(([kind, name, namespaced]) => ({ kind, name, namespaced }));
      json(200, { resources })(seen, response);
    });
    client = new KubeClient({ server: server.url });
  });
  afterEach(async () => {
    client.close();
    await server.close();
  });

  /** What was applied: the path and the whole object. */
  async function applied(): Promise<[string, Record<string, unknown>][]> {
    await applyAddons(client, layout, "10.189.1.2:5000/lab/coredns@sha256:1");
    const patches = server.seen.filter(({ method }) => method === "PATCH");
    for (const { query, headers } of patches) {
      assert.deepEqual(query, { fieldManager: "carrel-lab", force: "true" });
      assert.equal(headers["content-type"], "application/apply-patch+yaml");
    }
    return patches.map(({ path, body }) => [path, JSON.parse(body) as Record<string, unknown>]);
  }
  const system = "/namespaces/kube-system";
  const rbac = "/apis/rbac.authorization.k8s.io/v1";

  it("are the cluster DNS, its rights, and a default StorageClass, by server-side apply", async () => {
    assert.deepEqual(
      (await applied()).map(([path]) => path),
      [
        `/api/v1${system}/serviceaccounts/coredns`,
        `${rbac}/clusterroles/system:coredns`.replace("system:", "system%3A"),
        `${rbac}/clusterrolebindings/system:coredns`.replace("system:", "system%3A"),
        `/api/v1${system}/configmaps/coredns`,
        `/apis/apps/v1${system}/deployments/coredns`,
        `/api/v1${system}/services/kube-dns`,
        "/apis/storage.k8s.io/v1/storageclasses/standard",
      ],
    );
  });

  it("let the DNS read what it serves, and nothing else", async () => {
    const [account, role, binding] = (await applied()).map(([, object]) => object);
    const verbs = ["get", "list", "watch"];
    assert.deepEqual(account, { apiVersion: "v1", kind: "ServiceAccount", metadata: inSystem("coredns") });
    assert.deepEqual(role, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "system:coredns" },
      rules: [
        { apiGroups: [""], resources: ["endpoints", "services", "pods", "namespaces"], verbs },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs },
      ],
    });
    assert.deepEqual(binding, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "system:coredns" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:coredns" },
      subjects: [{ kind: "ServiceAccount", name: "coredns", namespace: "kube-system" }],
    });
  });

  it("serve DNS at the layout's address", async () => {
    const objects = (await applied()).map(([, object]) => object);
    const data = objects[3]?.["data"] as { Corefile: string };
    const lines = data.Corefile.split("\n").map((line) => line.trim());
    assert.deepEqual(lines, [
      ...["localhost:53 {", "errors", "template IN A {", 'match "^.+[.]localhost[.]$"'],
      ...['answer "{{ .Name }} 30 IN A 10.189.1.3"', "}", "template IN ANY {", "rcode NOERROR", "}", "}"],
      ...[".:53 {", "errors", "health :8080 {", "lameduck 2s", "}", "ready :8181"],
      ...["kubernetes cluster.local in-addr.arpa ip6.arpa {", "pods insecure", "ttl 30", "}"],
      ...["cache 30", "loop", "reload", "}", ""],
    ]);
    assert.deepEqual(objects[5], {
      apiVersion: "v1",
      kind: "Service",
      metadata: inSystem("kube-dns"),
      spec: {
        clusterIP: "10.221.0.10",
        selector: labels,
        ports: [
          { name: "dns", port: 53, targetPort: "dns", protocol: "UDP" },
          { name: "dns-tcp", port: 53, targetPort: "dns-tcp", protocol: "TCP" },
        ],
      },
    });
    assert.deepEqual(objects[6], {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "standard", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
      provisioner: "carrel.dev/lab-local",
      reclaimPolicy: "Retain",
      volumeBindingMode: "Immediate",
      allowVolumeExpansion: true,
    });
  });

  it("run the DNS without privileges", async () => {
    const container = {
      name: "coredns",
      image: "10.189.1.2:5000/lab/coredns@sha256:1",
      args: ["-conf", "/etc/coredns/Corefile"],
      ports: [
        { name: "dns", containerPort: 53, protocol: "UDP" },
        { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
      ],
      readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 1 },
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      },
      resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "128Mi" } },
      volumeMounts: [{ name: "config", mountPath: "/etc/coredns", readOnly: true }],
    };
    const spec = {
      serviceAccountName: "coredns",
      priorityClassName: "system-cluster-critical",
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        seccompProfile: { type: "RuntimeDefault" },
        sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "53" }],
      },
      containers: [container],
      dnsPolicy: "Default",
      volumes: [{ name: "config", configMap: { name: "coredns" } }],
    };
    assert.deepEqual((await applied())[4]?.[1], {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: inSystem("coredns"),
      spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    });
  });

  it("are ready when the node and the DNS are", async () => {
    const status = (type: string, value: string) => json(200, { status: { conditions: [{ type, status: value }] } });
    server.next.push(json(200, {}), status("Ready", "False"), status("MemoryPressure", "True"));
    for (let each = 0; each < 3; each++) assert.equal(await notReady(client, layout), "node carrel-spec");
    server.next.push(status("Ready", "True"), status("Available", "False"));
    assert.equal(await notReady(client, layout), "cluster DNS");
    server.next.push(status("Ready", "True"), status("Available", "True"));
    assert.equal(await notReady(client, layout), undefined);
    assert.deepEqual(
      server.seen.slice(-2).map(({ path }) => path),
      ["/api/v1/nodes/carrel-spec", "/apis/apps/v1/namespaces/kube-system/deployments/coredns"],
    );
  });
});
