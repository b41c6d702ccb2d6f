import assert from "node:assert/strict";
import { Traefik, type TraefikArgs } from "../../../components/exposure/traefik.ts";
import { clusterRules, routeRules, sshConfiguration } from "../../../components/exposure/traefik-spec.ts";
import { outline, type Recording, recordParts, resourceOf } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const ssh = { service: "ssh", namespace: "library-hub", port: 2222 };
const build = (own: Partial<TraefikArgs> = {}): Promise<Recording<Traefik>> =>
  recordParts(
    (opts) =>
      new Traefik(
        "edge",
        {
          prefix: "library",
          namespace: "library-gateway",
          image: "registry.test/traefik@sha256:1",
          replicas: 2,
          priorityClass: "library-platform",
          ports: { http: 80, https: 443, ssh: 22 },
          namespaces: ["library-gateway", "library-identity"],
          controlPlaneCidrs: ["192.0.2.0/24"],
          monitoringNamespace: "library-monitoring",
          ssh,
          ...own,
        },
        opts,
      ),
  );
const selector = { "app.kubernetes.io/part-of": "carrel", "app.kubernetes.io/name": "traefik" };
const metadata = {
  name: "traefik",
  namespace: "library-gateway",
  labels: { ...labels("exposure"), "app.kubernetes.io/name": "traefik" },
};
const inNamespace = (name: string) => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
});
const ports = (...names: string[]) => names.map((port) => ({ protocol: "TCP", port }));

describe("Traefik", () => {
  it("is a Deployment with its rights, front and class", async () => {
    const { resources } = await build();
    const RBAC = "kubernetes:rbac.authorization.k8s.io/v1";
    assert.deepEqual(outline(resources), [
      " > carrel:exposure:Traefik edge",
      "edge > kubernetes:apps/v1:Deployment edge-deployment",
      "edge > kubernetes:core/v1:ConfigMap edge-dynamic",
      "edge > kubernetes:core/v1:Service edge-service",
      "edge > kubernetes:core/v1:ServiceAccount edge-account",
      "edge > kubernetes:gateway.networking.k8s.io/v1:GatewayClass edge-class",
      "edge > kubernetes:networking.k8s.io/v1:NetworkPolicy edge-network-policy",
      "edge > kubernetes:policy/v1:PodDisruptionBudget edge-disruption-budget",
      `edge > ${RBAC}:ClusterRole edge-cluster-role`,
      `edge > ${RBAC}:ClusterRole edge-routes-role`,
      `edge > ${RBAC}:ClusterRoleBinding edge-cluster-role-binding`,
      `edge > ${RBAC}:RoleBinding edge-library-gateway-role-binding`,
      `edge > ${RBAC}:RoleBinding edge-library-identity-role-binding`,
    ]);
    const inputsOf = (name: string) => resourceOf(resources, name).inputs;
    assert.deepEqual(inputsOf("edge-class")["spec"], { controllerName: "traefik.io/gateway-controller" });
    assert.deepEqual(inputsOf("edge-cluster-role")["rules"], clusterRules);
    assert.deepEqual(inputsOf("edge-routes-role")["rules"], routeRules);
    assert.deepEqual(inputsOf("edge-dynamic")["data"], { "ssh.json": sshConfiguration(ssh) });
  });

  it("keeps clients' addresses, and takes its own from MetalLB's pool where there is one", async () => {
    const spec = {
      type: "LoadBalancer",
      externalTrafficPolicy: "Local",
      selector,
      ports: [
        { name: "http", port: 80, targetPort: "http" },
        { name: "https", port: 443, targetPort: "https" },
        { name: "ssh", port: 22, targetPort: "ssh" },
      ],
    };
    const front = async (own: Partial<TraefikArgs>) => resourceOf((await build(own)).resources, "edge-service").inputs;
    const common = { apiVersion: "v1", kind: "Service", spec };
    assert.deepEqual(await front({}), { ...common, metadata });
    const annotations = { "metallb.io/address-pool": "library-gateway" };
    assert.deepEqual(await front({ addressPool: "library-gateway" }), {
      ...common,
      metadata: { ...metadata, annotations },
    });
  });

  it("lets everybody in at its public ports, and itself out to what is behind it", async () => {
    const { resources } = await build();
    assert.deepEqual(resourceOf(resources, "edge-network-policy").inputs["spec"], {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        { ports: ports("http", "https", "ssh") },
        { from: [inNamespace("library-monitoring")], ports: ports("admin") },
      ],
      egress: [
        {
          to: [{ ipBlock: { cidr: "192.0.2.0/24" } }],
          ports: [
            { protocol: "TCP", port: 443 },
            { protocol: "TCP", port: 6443 },
          ],
        },
        {
          to: [{ ...inNamespace("kube-system"), podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }],
          ports: [
            { protocol: "UDP", port: 53 },
            { protocol: "TCP", port: 53 },
          ],
        },
        { to: ["library-gateway", "library-hub", "library-identity"].map(inNamespace) },
      ],
    });
  });

  it("rolls its pods when SSH leads elsewhere", async () => {
    const template = async (own: Partial<TraefikArgs>) =>
      (
        resourceOf((await build(own)).resources, "edge-deployment").inputs["spec"] as {
          template: { metadata: unknown };
        }
      ).template.metadata;
    const [first, second] = await Promise.all([await template({}), await template({ ssh: { ...ssh, port: 22 } })]);
    assert.notDeepEqual(first, second);
  });
});
