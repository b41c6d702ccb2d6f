import { join } from "node:path";
import type { LabLayout } from "./layout.ts";

/** One process of a lab, as the supervisor runs it. */
export interface Component {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Files or sockets that have to exist before it is started. */
  readonly after?: readonly string[];
  /** It is of the machine's own network, not of the lab's. */
  readonly isOnMachine?: true;
}

const flags = (values: Readonly<Record<string, string | number | boolean>>): string[] =>
  Object.entries(values).map(([name, value]) => `--${name}=${value}`);

/** What was written to volumes; it goes with the lab. */
export const volumesFolder = (layout: LabLayout): string => join(layout.stateDir, "volumes");

export const containerdSocket = (layout: LabLayout): string => join(layout.stateDir, "containerd.sock");

function etcd(layout: LabLayout, bin: string): Component {
  return {
    name: "etcd",
    command: join(bin, "etcd"),
    args: flags({
      "data-dir": join(layout.stateDir, "etcd"),
      "listen-client-urls": "http://127.0.0.1:2379",
      "advertise-client-urls": "http://127.0.0.1:2379",
      "listen-peer-urls": "http://127.0.0.1:2380",
      // A lab is made anew after a crash of the machine, so its data need not survive one.
      "unsafe-no-fsync": true,
      "log-level": "warn",
    }),
  };
}

function apiServer(layout: LabLayout, bin: string): Component {
  const pki = (file: string): string => join(layout.stateDir, "pki", file);
  return {
    name: "kube-apiserver",
    command: join(bin, "kube-apiserver"),
    args: flags({
      "advertise-address": layout.nodeAddress,
      "secure-port": 6443,
      "etcd-servers": "http://127.0.0.1:2379",
      "service-cluster-ip-range": layout.serviceCidr,
      "authorization-mode": "Node,RBAC",
      "enable-admission-plugins": "NodeRestriction",
      "enable-aggregator-routing": true,
      "allow-privileged": true,
      "client-ca-file": pki("ca.crt"),
      "tls-cert-file": pki("apiserver.crt"),
      "tls-private-key-file": pki("apiserver.key"),
      "kubelet-certificate-authority": pki("ca.crt"),
      "kubelet-client-certificate": pki("apiserver-kubelet-client.crt"),
      "kubelet-client-key": pki("apiserver-kubelet-client.key"),
      // No DNS knows the node's name.
      "kubelet-preferred-address-types": "InternalIP",
      "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
      "service-account-key-file": pki("sa.pub"),
      "service-account-signing-key-file": pki("sa.key"),
      "requestheader-client-ca-file": pki("front-proxy-ca.crt"),
      "requestheader-allowed-names": "front-proxy-client",
      "requestheader-username-headers": "X-Remote-User",
      "requestheader-group-headers": "X-Remote-Group",
      "requestheader-extra-headers-prefix": "X-Remote-Extra-",
      "proxy-client-cert-file": pki("front-proxy-client.crt"),
      "proxy-client-key-file": pki("front-proxy-client.key"),
    }),
  };
}

function controllerManager(layout: LabLayout, bin: string): Component {
  const pki = (file: string): string => join(layout.stateDir, "pki", file);
  const args = flags({
    kubeconfig: pki("controller-manager.kubeconfig"),
    "authentication-kubeconfig": pki("controller-manager.kubeconfig"),
    "authorization-kubeconfig": pki("controller-manager.kubeconfig"),
    controllers: "*,bootstrapsigner,tokencleaner",
    "use-service-account-credentials": true,
    "root-ca-file": pki("ca.crt"),
    "service-account-private-key-file": pki("sa.key"),
    "cluster-signing-cert-file": pki("ca.crt"),
    "cluster-signing-key-file": pki("ca.key"),
    "allocate-node-cidrs": true,
    "cluster-cidr": layout.podCidr,
    "service-cluster-ip-range": layout.serviceCidr,
    "leader-elect": false,
    // A lab's volumes, webhooks and nodes change by the second while somebody watches.
    "node-monitor-period": "2s",
  });
  return { name: "kube-controller-manager", command: join(bin, "kube-controller-manager"), args };
}

function scheduler(layout: LabLayout, bin: string): Component {
  const config = join(layout.stateDir, "pki", "scheduler.kubeconfig");
  return {
    name: "kube-scheduler",
    command: join(bin, "kube-scheduler"),
    args: flags({
      kubeconfig: config,
      "authentication-kubeconfig": config,
      "authorization-kubeconfig": config,
      "leader-elect": false,
    }),
  };
}

function kubelet(layout: LabLayout, bin: string): Component {
  return {
    name: "kubelet",
    command: join(bin, "kubelet"),
    args: flags({
      config: join(layout.stateDir, "kubelet.yaml"),
      kubeconfig: join(layout.stateDir, "pki", "node.kubeconfig"),
      "root-dir": join(layout.stateDir, "kubelet"),
      "cert-dir": join(layout.stateDir, "kubelet", "pki"),
      "hostname-override": layout.nodeName,
      "node-ip": layout.nodeAddress,
    }),
    after: [containerdSocket(layout)],
  };
}

function kubeProxy(layout: LabLayout, bin: string): Component {
  return {
    name: "kube-proxy",
    command: join(bin, "kube-proxy"),
    args: flags({
      kubeconfig: join(layout.stateDir, "pki", "kube-proxy.kubeconfig"),
      "proxy-mode": "iptables",
      "cluster-cidr": layout.podCidr,
      "hostname-override": layout.nodeName,
      "conntrack-max-per-core": 0,
    }),
  };
}

/** The lab's own agent: it enforces network policies, gives LoadBalancer Services their address and claims their volume. */
function agent(layout: LabLayout): Component {
  return {
    name: "agent",
    command: process.execPath,
    args: [
      join(import.meta.dirname, "..", "agent", "main.ts"),
      ...flags({
        kubeconfig: join(layout.stateDir, "pki", "admin.kubeconfig"),
        "load-balancer-cidr": layout.loadBalancerCidr,
        "node-addresses": [layout.nodeAddress, layout.podGateway].join(","),
        "client-addresses": layout.gatewayAddress,
        node: layout.nodeName,
        volumes: volumesFolder(layout),
      }),
    ],
  };
}

/** The lab's implementation of the Gateway API. */
function gateway(layout: LabLayout): Component {
  return {
    name: "gateway",
    command: process.execPath,
    args: [
      join(import.meta.dirname, "..", "gateway", "main.ts"),
      ...flags({
        kubeconfig: join(layout.stateDir, "pki", "admin.kubeconfig"),
        address: layout.gatewayAddress,
        folder: join(layout.stateDir, "gateway"),
      }),
    ],
  };
}

/** Brings browsers and SSH clients of this machine from its loopback to the gateway. */
function forwarder(layout: LabLayout): Component {
  return {
    name: "forwarder",
    command: process.execPath,
    args: [
      join(import.meta.dirname, "..", "gateway", "forward.ts"),
      ...flags({
        to: layout.gatewayAddress,
        ports: [layout.publicPort, layout.httpPort, layout.sshPort].join(","),
      }),
    ],
    isOnMachine: true,
  };
}

/** Every process of a built lab; `bin` is the folder of the binaries. */
export function componentsOf(layout: LabLayout, bin: string): readonly Component[] {
  const file = (name: string): string => join(layout.stateDir, name);
  return [
    etcd(layout, bin),
    { name: "registry", command: "/usr/bin/docker-registry", args: ["serve", file("registry.yaml")] },
    { name: "containerd", command: "/usr/bin/containerd", args: ["--config", file("containerd.toml")] },
    apiServer(layout, bin),
    controllerManager(layout, bin),
    scheduler(layout, bin),
    kubelet(layout, bin),
    kubeProxy(layout, bin),
    agent(layout),
    gateway(layout),
    forwarder(layout),
  ];
}
