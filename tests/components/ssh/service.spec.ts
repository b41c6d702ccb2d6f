import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { SshService, type SshServiceArgs } from "../../../components/ssh/service.ts";
import { readSettings } from "../../../services/ssh/settings.ts";
import { outline, type Recording, recordParts, resourceOf } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const build = (own: Partial<SshServiceArgs> = {}): Promise<Recording<SshService>> =>
  recordParts(
    (opts) =>
      new SshService(
        "ssh",
        {
          namespace: pulumi.output("library-hub"),
          image: pulumi.output("registry.test/library/ssh@sha256:1"),
          hostKey: { secretName: pulumi.output("ssh-host-key"), fingerprint: pulumi.output("SHA256:abc") },
          priorityClass: "library-platform",
          replicas: 2,
          logLevel: "debug",
          proxy: { url: "http://proxy-public.library-hub.svc:8000", port: 8000, selector: { name: "proxy" } },
          keys: {
            url: "http://proxy-public.library-hub.svc:8000/hub/api/ssh-login",
            secretName: pulumi.output("ssh-gateway-1"),
            file: "token",
          },
          banner: "Members only.",
          tokenUrl: "https://library.test/hub/token",
          balancers: { cidrs: ["192.0.2.0/24"], proxyProtocol: true },
          startSeconds: 900,
          idleSeconds: 3600,
          drainSeconds: 120,
          gateway: { namespace: "library-gateway", cidrs: ["192.0.2.128/32"] },
          monitoringNamespace: "library-monitoring",
          ...own,
        },
        opts,
      ),
  );

const selector = { "app.kubernetes.io/part-of": "carrel", "app.kubernetes.io/name": "ssh" };
const metadata = { name: "ssh", namespace: "library-hub", labels: { ...labels("ssh"), ...selector } };
const probe = (path: string, rest: Record<string, number>) => ({
  httpGet: { path, port: "metrics" },
  timeoutSeconds: 2,
  ...rest,
});

const env = [
  { name: "PORT", value: "2222" },
  { name: "METRICS_PORT", value: "9090" },
  { name: "HUB_URL", value: "http://proxy-public.library-hub.svc:8000" },
  { name: "HOST_KEY_FILE", value: "/etc/carrel/ssh/host-key" },
  { name: "KEYS_URL", value: "http://proxy-public.library-hub.svc:8000/hub/api/ssh-login" },
  { name: "KEYS_SECRET_FILE", value: "/etc/carrel/keys/token" },
  { name: "BANNER", value: "Members only." },
  { name: "TOKEN_URL", value: "https://library.test/hub/token" },
  { name: "PROXIES", value: "192.0.2.0/24" },
  { name: "PROXY_PROTOCOL", value: "true" },
  { name: "START_SECONDS", value: "900" },
  { name: "IDLE_SECONDS", value: "3600" },
  { name: "DRAIN_SECONDS", value: "120" },
  { name: "LOG_LEVEL", value: "debug" },
];

const podSpec = {
  automountServiceAccountToken: false,
  priorityClassName: "library-platform",
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65532,
    runAsGroup: 65532,
    fsGroup: 65532,
    seccompProfile: { type: "RuntimeDefault" },
  },
  terminationGracePeriodSeconds: 130,
  enableServiceLinks: false,
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: selector },
    },
  ],
  containers: [
    {
      name: "ssh",
      image: "registry.test/library/ssh@sha256:1",
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      },
      ports: [
        { name: "ssh", containerPort: 2222 },
        { name: "metrics", containerPort: 9090 },
      ],
      env,
      resources: { requests: { cpu: "50m", memory: "96Mi" }, limits: { cpu: "2", memory: "512Mi" } },
      startupProbe: probe("/livez", { periodSeconds: 1, failureThreshold: 60 }),
      livenessProbe: probe("/livez", { periodSeconds: 5, failureThreshold: 6 }),
      readinessProbe: probe("/readyz", { periodSeconds: 2, failureThreshold: 2 }),
      volumeMounts: [
        { name: "host-key", mountPath: "/etc/carrel/ssh", readOnly: true },
        { name: "keys-secret", mountPath: "/etc/carrel/keys", readOnly: true },
      ],
    },
  ],
  volumes: [
    { name: "host-key", secret: { secretName: "ssh-host-key", defaultMode: 0o440 } },
    { name: "keys-secret", secret: { secretName: "ssh-gateway-1", defaultMode: 0o440 } },
  ],
};

const from = (name: string) => [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } }];

describe("SshService", () => {
  it("is a deployment, its Service, its budget and its network policy", async () => {
    const { resources } = await build();
    assert.deepEqual(outline(resources), [
      " > carrel:ssh:SshService ssh",
      "ssh > kubernetes:apps/v1:Deployment ssh-deployment",
      "ssh > kubernetes:core/v1:Service ssh-service",
      "ssh > kubernetes:networking.k8s.io/v1:NetworkPolicy ssh-network-policy",
      "ssh > kubernetes:policy/v1:PodDisruptionBudget ssh-disruption-budget",
    ]);
  });

  it("runs without any right in the cluster and is rolled when the host key changes", async () => {
    const { resources } = await build();
    const template = {
      metadata: { labels: metadata.labels, annotations: { "carrel.dev/host-key": "SHA256:abc" } },
      spec: podSpec,
    };
    const { inputs, dependsOn } = resourceOf(resources, "ssh-deployment");
    assert.deepEqual(inputs, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: {
        replicas: 2,
        selector: { matchLabels: selector },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template,
      },
    });
    assert.deepEqual(dependsOn, ["ssh-network-policy"]);
  });

  it("sets the environment that the process reads", () => {
    const { hubUrl, keys, ...settings } = readSettings(Object.fromEntries(env.map(({ name, value }) => [name, value])));
    assert.equal(hubUrl.href, "http://proxy-public.library-hub.svc:8000/");
    assert.deepEqual(
      [keys?.url.href, keys?.secretFile],
      ["http://proxy-public.library-hub.svc:8000/hub/api/ssh-login", "/etc/carrel/keys/token"],
    );
    assert.deepEqual(settings, {
      port: 2222,
      metricsPort: 9090,
      hostKeyFile: "/etc/carrel/ssh/host-key",
      banner: "Members only.",
      tokenUrl: "https://library.test/hub/token",
      proxies: { cidrs: ["192.0.2.0/24"], sendHeader: true },
      graceSeconds: 60,
      idleSeconds: 3600,
      recheckSeconds: 30,
      startSeconds: 900,
      drainSeconds: 120,
      maxConnections: 500,
      maxConnectionsPerUser: 20,
      logLevel: "debug",
    });
  });

  it("is reached by the public gateway and by monitoring, and reaches the hub's proxy and DNS", async () => {
    const { resources } = await build();
    const dns = {
      to: [{ ...from("kube-system")[0], podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }],
      ports: [
        { protocol: "UDP", port: 53 },
        { protocol: "TCP", port: 53 },
      ],
    };
    assert.deepEqual(resourceOf(resources, "ssh-network-policy").inputs["spec"], {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        {
          from: [...from("library-gateway"), { ipBlock: { cidr: "192.0.2.128/32" } }],
          ports: [{ protocol: "TCP", port: "ssh" }],
        },
        { from: from("library-monitoring"), ports: [{ protocol: "TCP", port: "metrics" }] },
      ],
      egress: [
        { to: [{ podSelector: { matchLabels: { name: "proxy" } } }], ports: [{ protocol: "TCP", port: 8000 }] },
        dns,
      ],
    });
  });

  it("answers at the port of the public contract, and keeps a pod through a drain", async () => {
    const { resources } = await build();
    assert.deepEqual(resourceOf(resources, "ssh-service").inputs["spec"], {
      type: "ClusterIP",
      selector,
      ports: [
        { name: "ssh", port: 2222, targetPort: "ssh" },
        { name: "metrics", port: 9090, targetPort: "metrics" },
      ],
    });
    assert.deepEqual(resourceOf(resources, "ssh-disruption-budget").inputs["spec"], {
      maxUnavailable: 1,
      selector: { matchLabels: selector },
    });
  });

  it("shows no banner unless it is given one", async () => {
    const { resources } = await recordWithout();
    const spec = resourceOf(resources, "ssh-deployment").inputs["spec"] as { template: { spec: typeof podSpec } };
    assert.deepEqual(
      spec.template.spec.containers[0]?.env.find(({ name }) => name === "BANNER"),
      { name: "BANNER", value: "" },
    );
  });
});

const recordWithout = (): Promise<Recording<SshService>> => build({ banner: "" });
