import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { toDns } from "../../../components/core/network.ts";
import { schedulerConfiguration, UserScheduler } from "../../../components/hub/user-scheduler.ts";
import { outline, recordParts, resourceOf } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const build = () =>
  recordParts(
    (opts) =>
      new UserScheduler(
        "packer",
        {
          namespace: pulumi.output("library-hub"),
          image: "registry.test/kube-scheduler@sha256:1",
          serviceAccount: pulumi.output("user-scheduler"),
          priorityClass: "library-platform",
          schedulerName: "library-user-scheduler",
          leaseNamespace: "library-hub",
          controlPlaneCidrs: ["192.0.2.0/24"],
        },
        opts,
      ),
  );

const selector = { "app.kubernetes.io/part-of": "carrel", "app.kubernetes.io/name": "user-scheduler" };
const podLabels = { ...labels("hub"), ...selector };
const metadata = { name: "user-scheduler", namespace: "library-hub", labels: podLabels };
const probe = (path: string, rest: object) => ({
  httpGet: { path, port: "https", scheme: "HTTPS" },
  timeoutSeconds: 2,
  ...rest,
});

const podSpec = {
  serviceAccountName: "user-scheduler",
  automountServiceAccountToken: true,
  priorityClassName: "library-platform",
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65534,
    runAsGroup: 65534,
    fsGroup: 65534,
    seccompProfile: { type: "RuntimeDefault" },
  },
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
      name: "user-scheduler",
      image: "registry.test/kube-scheduler@sha256:1",
      command: ["kube-scheduler", "--config=/etc/user-scheduler/config.json", "--authentication-skip-lookup=true"],
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      },
      ports: [{ name: "https", containerPort: 10259 }],
      resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "512Mi" } },
      startupProbe: probe("/livez", { periodSeconds: 1, failureThreshold: 60 }),
      livenessProbe: probe("/livez", { periodSeconds: 5, failureThreshold: 6 }),
      readinessProbe: probe("/readyz", { periodSeconds: 2, failureThreshold: 2 }),
      volumeMounts: [{ name: "config", mountPath: "/etc/user-scheduler", readOnly: true }],
    },
  ],
  volumes: [{ name: "config", configMap: { name: "packer-config-generated" } }],
};

describe("UserScheduler", () => {
  it("is two pods that no disruption stops at once, their configuration and policy", async () => {
    const { resources } = await build();
    assert.deepEqual(outline(resources), [
      " > carrel:hub:UserScheduler packer",
      "packer > kubernetes:apps/v1:Deployment packer-deployment",
      "packer > kubernetes:core/v1:ConfigMap packer-config",
      "packer > kubernetes:networking.k8s.io/v1:NetworkPolicy packer-network-policy",
      "packer > kubernetes:policy/v1:PodDisruptionBudget packer-disruption-budget",
    ]);
    const { inputs, dependsOn } = resourceOf(resources, "packer-deployment");
    assert.deepEqual(inputs, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: {
        replicas: 2,
        selector: { matchLabels: selector },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: { metadata: { labels: podLabels }, spec: podSpec },
      },
    });
    assert.deepEqual(dependsOn, ["packer-network-policy"]);
    assert.deepEqual(resourceOf(resources, "packer-disruption-budget").inputs["spec"], {
      maxUnavailable: 1,
      selector: { matchLabels: selector },
    });
  });

  it("reaches the API server and DNS, and is reached by nobody", async () => {
    const { resources } = await build();
    const ports = [443, 6443].map((port) => ({ protocol: "TCP", port }));
    assert.deepEqual(resourceOf(resources, "packer-network-policy").inputs["spec"], {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: [],
      egress: [{ to: [{ ipBlock: { cidr: "192.0.2.0/24" } }], ports }, toDns],
    });
  });

  it("has its configuration in a ConfigMap that never changes under its name", async () => {
    const { resources } = await build();
    const { immutable, data, metadata: own } = resourceOf(resources, "packer-config").inputs;
    assert.deepEqual([immutable, own], [true, { namespace: "library-hub", labels: podLabels }]);
    assert.deepEqual(
      JSON.parse((data as Record<string, string>)["config.json"] ?? ""),
      schedulerConfiguration("library-user-scheduler", "library-hub"),
    );
  });
});

describe("schedulerConfiguration", () => {
  it("takes the fullest node, after what a pod prefers and before who has its image", () => {
    const group = "kubescheduler.config.k8s.io/v1";
    const named = ["NodeAffinity", "InterPodAffinity", "NodeResourcesFit", "ImageLocality"];
    const resources = ["cpu", "memory"].map((name) => ({ name, weight: 1 }));
    assert.deepEqual(schedulerConfiguration("packing", "place"), {
      apiVersion: group,
      kind: "KubeSchedulerConfiguration",
      leaderElection: { leaderElect: true, resourceName: "user-scheduler", resourceNamespace: "place" },
      profiles: [
        {
          schedulerName: "packing",
          plugins: {
            score: {
              disabled: ["NodeResourcesBalancedAllocation", ...named].map((name) => ({ name })),
              enabled: named.map((name, i) => ({ name, weight: [100_000, 10_000, 1_000, 1][i] })),
            },
          },
          pluginConfig: [
            {
              name: "NodeResourcesFit",
              args: {
                apiVersion: group,
                kind: "NodeResourcesFitArgs",
                scoringStrategy: { type: "MostAllocated", resources },
              },
            },
          ],
        },
      ],
    });
  });
});
