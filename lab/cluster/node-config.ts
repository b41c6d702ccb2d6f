import { join } from "node:path";
import { containerdSocket } from "./components.ts";
import type { LabLayout } from "./layout.ts";

/** The machine's disk and memory are shared with its owner's own work. */
const evictionHard = {
  "memory.available": "100Mi",
  "nodefs.available": "1%",
  "nodefs.inodesFree": "1%",
  "imagefs.available": "1%",
};

/** KubeletConfiguration for a node without systemd, on cgroup v1 or v2, that shares its machine with other work. */
export function kubeletConfiguration(layout: LabLayout): Record<string, unknown> {
  const pki = (file: string): string => join(layout.stateDir, "pki", file);
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: layout.nodeAddress,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: pki("ca.crt") },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: pki("kubelet.crt"),
    tlsPrivateKeyFile: pki("kubelet.key"),
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${layout.cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: [],
    oomScoreAdj: 0,
    maxOpenFiles: 20_000,
    clusterDNS: [layout.dnsAddress],
    clusterDomain: "cluster.local",
    containerRuntimeEndpoint: `unix://${containerdSocket(layout)}`,
    evictionHard,
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    resolvConf: join(layout.stateDir, "resolv.conf"),
    podLogsDir: join(layout.stateDir, "pod-logs"),
    volumePluginDir: join(layout.stateDir, "volume-plugins"),
    // A container that is still starting is looked at again soon: a lab is for people who wait.
    syncFrequency: "10s",
    nodeStatusUpdateFrequency: "4s",
    serializeImagePulls: false,
  };
}

/** containerd 1.6 with paths of its own; it pulls from the lab's registry over plain HTTP and from nowhere else by mirror. */
export function containerdToml(layout: LabLayout, pauseImage: string): string {
  const file = (name: string): string => join(layout.stateDir, name);
  return `version = 2
root = "${file("containerd")}"
state = "${file("containerd-state")}"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "${containerdSocket(layout)}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  disable_hugetlb_controller = true
  tolerate_missing_hugetlb_controller = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${file("cni")}"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${file("certs.d")}"
`;
}

export function registryHostsToml(layout: LabLayout): string {
  return `server = "http://${layout.registry}"
[host."http://${layout.registry}"]
  capabilities = ["pull", "resolve"]
`;
}

export function cniConfig(layout: LabLayout): Record<string, unknown> {
  return {
    cniVersion: "1.0.0",
    name: `carrel-${layout.name}`,
    plugins: [
      {
        type: "bridge",
        bridge: "cni0",
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: "host-local",
          dataDir: join(layout.stateDir, "cni-addresses"),
          ranges: [[{ subnet: layout.podCidr.replace(".0.0/16", ".0.0/24"), gateway: layout.podGateway }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}

export function registryYaml(layout: LabLayout): string {
  return `version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: ${join(layout.stateDir, "registry")}}
  delete: {enabled: true}
http:
  addr: ${layout.registry}
`;
}
