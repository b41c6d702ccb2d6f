import type { KubeClient, KubeObject } from "../../services/lib/kube/client.ts";
import { PROVISIONER } from "../agent/volume-plan.ts";
import type { LabLayout } from "./layout.ts";

const labels = { "k8s-app": "kube-dns" };

/** Public names of a lab are below .localhost: the machine itself for a browser there, and the gateway for a pod. */
const corefile = ({ gatewayAddress }: LabLayout): string => `localhost:53 {
    errors
    template IN A {
      match "^.+[.]localhost[.]$"
      answer "{{ .Name }} 30 IN A ${gatewayAddress}"
    }
    template IN ANY {
      rcode NOERROR
    }
}
.:53 {
    errors
    health :8080 {
      lameduck 2s
    }
    ready :8181
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      ttl 30
    }
    cache 30
    loop
    reload
}
`;

const dns = (kind: string, apiVersion: string, name: string, rest: object): object => ({
  apiVersion,
  kind,
  metadata: { name, namespace: "kube-system", labels },
  ...rest,
});

const dnsSecurity = {
  runAsNonRoot: true,
  runAsUser: 65532,
  seccompProfile: { type: "RuntimeDefault" },
  // Network policies are about the port of the pod, and allow DNS by its own.
  sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "53" }],
};

function dnsDeployment(image: string): object {
  return dns("Deployment", "apps/v1", "coredns", {
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: "coredns",
          priorityClassName: "system-cluster-critical",
          securityContext: dnsSecurity,
          containers: [
            {
              name: "coredns",
              image,
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
            },
          ],
          dnsPolicy: "Default",
          volumes: [{ name: "config", configMap: { name: "coredns" } }],
        },
      },
    },
  });
}

const read = (apiGroups: string[], resources: string[]): object => ({
  apiGroups,
  resources,
  verbs: ["get", "list", "watch"],
});

const storageClass = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "standard", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
  provisioner: PROVISIONER,
  // Whoever deletes a claim, or a whole platform, keeps the data; `down` removes it with the lab.
  reclaimPolicy: "Retain",
  volumeBindingMode: "Immediate",
  allowVolumeExpansion: true,
};

/** What a cluster has before any platform: its DNS and a default StorageClass. */
function addons(layout: LabLayout, dnsImage: string): readonly object[] {
  return [
    dns("ServiceAccount", "v1", "coredns", {}),
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "system:coredns" },
      rules: [
        read([""], ["endpoints", "services", "pods", "namespaces"]),
        read(["discovery.k8s.io"], ["endpointslices"]),
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "system:coredns" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:coredns" },
      subjects: [{ kind: "ServiceAccount", name: "coredns", namespace: "kube-system" }],
    },
    dns("ConfigMap", "v1", "coredns", { data: { Corefile: corefile(layout) } }),
    dnsDeployment(dnsImage),
    dns("Service", "v1", "kube-dns", {
      spec: {
        clusterIP: layout.dnsAddress,
        selector: labels,
        ports: [
          { name: "dns", port: 53, targetPort: "dns", protocol: "UDP" },
          { name: "dns-tcp", port: 53, targetPort: "dns-tcp", protocol: "TCP" },
        ],
      },
    }),
    storageClass,
  ];
}

export async function applyAddons(client: KubeClient, layout: LabLayout, dnsImage: string): Promise<void> {
  for (const object of addons(layout, dnsImage)) {
    const { apiVersion = "", kind = "", metadata } = object as KubeObject;
    const ref = await client.resourceFor(apiVersion, kind);
    await client.patch(ref, metadata.namespace, metadata.name, object, {
      type: "apply",
      fieldManager: "carrel-lab",
      force: true,
    });
  }
}

interface Conditions {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const isTrue = (object: Conditions, type: string): boolean =>
  object.status?.conditions?.some((condition) => condition.type === type && condition.status === "True") === true;

/** What is not ready yet, in the order in which a cluster comes up; nothing when all is. */
export async function notReady(client: KubeClient, layout: LabLayout): Promise<string | undefined> {
  const core = (kind: string, plural: string, namespaced: boolean) => ({ apiVersion: "v1", kind, plural, namespaced });
  const node = await client.get<Conditions>(core("Node", "nodes", false), undefined, layout.nodeName);
  if (!isTrue(node, "Ready")) return `node ${layout.nodeName}`;
  const deployments = { apiVersion: "apps/v1", kind: "Deployment", plural: "deployments", namespaced: true };
  const coredns = await client.get<Conditions>(deployments, "kube-system", "coredns");
  return isTrue(coredns, "Available") ? undefined : "cluster DNS";
}
