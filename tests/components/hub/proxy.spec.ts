import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { toDns } from "../../../components/core/network.ts";
import { HubProxy, type HubProxyArgs } from "../../../components/hub/proxy.ts";
import { outline, type Recording, recordParts, resourceOf } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const build = (own: Partial<HubProxyArgs> = {}): Promise<Recording<HubProxy>> =>
  recordParts(
    (opts) =>
      new HubProxy(
        "door",
        {
          namespace: pulumi.output("library-hub"),
          image: "registry.test/proxy@sha256:1",
          secret: pulumi.output("token-1"),
          priorityClass: "library-platform",
          hubUrl: "http://hub.library-hub.svc:8081",
          workNamespace: "library-work",
          gateway: { namespace: "library-gateway", cidrs: ["192.0.2.128/32"] },
          clients: ["ssh"],
          ...own,
        },
        opts,
      ),
  );

const programOf = (name: string) => ({ "app.kubernetes.io/part-of": "carrel", "app.kubernetes.io/name": name });
const selector = programOf("proxy");
const podLabels = { ...labels("hub"), ...selector };
const metadata = { name: "proxy", namespace: "library-hub", labels: podLabels };
const inNamespace = (name: string) => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } });
const pods = (name: string) => ({ podSelector: { matchLabels: programOf(name) } });
const probe = (rest: Record<string, number>) => ({
  httpGet: { path: "/_chp_healthz", port: "http" },
  timeoutSeconds: 2,
  ...rest,
});

const podSpec = {
  automountServiceAccountToken: false,
  priorityClassName: "library-platform",
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65534,
    runAsGroup: 65534,
    fsGroup: 65534,
    seccompProfile: { type: "RuntimeDefault" },
  },
  terminationGracePeriodSeconds: 60,
  enableServiceLinks: false,
  containers: [
    {
      name: "proxy",
      image: "registry.test/proxy@sha256:1",
      args: [
        "--ip=",
        "--port=8000",
        "--api-ip=",
        "--api-port=8001",
        "--default-target=http://hub.library-hub.svc:8081",
        "--error-target=http://hub.library-hub.svc:8081/hub/error",
        "--no-x-forward",
        "--keep-alive-timeout=120000",
      ],
      env: [
        {
          name: "CONFIGPROXY_AUTH_TOKEN",
          valueFrom: { secretKeyRef: { name: "token-1", key: "CONFIGPROXY_AUTH_TOKEN" } },
        },
      ],
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      },
      ports: [
        { name: "http", containerPort: 8000 },
        { name: "api", containerPort: 8001 },
      ],
      resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "512Mi" } },
      startupProbe: probe({ periodSeconds: 1, failureThreshold: 60 }),
      livenessProbe: probe({ periodSeconds: 5, failureThreshold: 6 }),
      readinessProbe: probe({ periodSeconds: 2, failureThreshold: 2 }),
    },
  ],
};

describe("HubProxy", () => {
  it("is a deployment, its two Services and its network policy", async () => {
    const { resources } = await build();
    assert.deepEqual(outline(resources), [
      " > carrel:hub:HubProxy door",
      "door > kubernetes:apps/v1:Deployment door-deployment",
      "door > kubernetes:core/v1:Service door-api",
      "door > kubernetes:core/v1:Service door-public",
      "door > kubernetes:networking.k8s.io/v1:NetworkPolicy door-network-policy",
    ]);
  });

  it("is one pod without any right, inside of its policy", async () => {
    const { resources } = await build();
    const { inputs, dependsOn } = resourceOf(resources, "door-deployment");
    assert.deepEqual(inputs, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: {
        replicas: 1,
        selector: { matchLabels: selector },
        strategy: { type: "Recreate" },
        template: { metadata: { labels: podLabels }, spec: podSpec },
      },
    });
    assert.deepEqual(dependsOn, ["door-network-policy"]);
  });

  it("answers people and the hub on Services of their own", async () => {
    const { resources } = await build();
    const service = (name: string) => {
      const { metadata: own, spec } = resourceOf(resources, name).inputs as Record<string, object>;
      return { metadata: own, spec };
    };
    assert.deepEqual(service("door-public"), {
      metadata: { ...metadata, name: "proxy-public" },
      spec: { type: "ClusterIP", selector, ports: [{ name: "http", port: 8000, targetPort: "http" }] },
    });
    assert.deepEqual(service("door-api"), {
      metadata: { ...metadata, name: "proxy-api" },
      spec: { type: "ClusterIP", selector, ports: [{ name: "api", port: 8001, targetPort: "api" }] },
    });
  });

  it("lets the gateway and its clients in, the hub alone to its routes, and reaches the hub, notebooks and DNS", async () => {
    const { resources } = await build();
    const notebooks = {
      ...inNamespace("library-work"),
      podSelector: { matchLabels: { component: "singleuser-server" } },
    };
    assert.deepEqual(resourceOf(resources, "door-network-policy").inputs["spec"], {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        {
          from: [inNamespace("library-gateway"), { ipBlock: { cidr: "192.0.2.128/32" } }, pods("ssh")],
          ports: [{ protocol: "TCP", port: "http" }],
        },
        { from: [pods("hub")], ports: [{ protocol: "TCP", port: "api" }] },
      ],
      egress: [
        { to: [pods("hub")], ports: [{ protocol: "TCP", port: 8081 }] },
        { to: [notebooks], ports: [{ protocol: "TCP", port: 8888 }] },
        toDns,
      ],
    });
  });

  it("lets in no program that it has no client of", async () => {
    const { resources } = await build({ clients: [] });
    const { ingress } = resourceOf(resources, "door-network-policy").inputs["spec"] as {
      ingress: { from: object[] }[];
    };
    assert.deepEqual(ingress[0]?.from, [inNamespace("library-gateway"), { ipBlock: { cidr: "192.0.2.128/32" } }]);
  });
});
