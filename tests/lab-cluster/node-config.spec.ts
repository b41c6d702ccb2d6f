import assert from "node:assert/strict";
import { parse } from "yaml";
import { labLayout } from "../../lab/cluster/layout.ts";
import {
  cniConfig,
  containerdToml,
  kubeletConfiguration,
  registryHostsToml,
  registryYaml,
} from "../../lab/cluster/node-config.ts";

const layout = labLayout("spec", 1, "/s");

describe("the configuration of a node", () => {
  it("has a kubelet without systemd that takes no part in managing the machine", () => {
    assert.deepEqual(kubeletConfiguration(layout), {
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      address: "10.189.1.2",
      authentication: {
        anonymous: { enabled: false },
        webhook: { enabled: true },
        x509: { clientCAFile: "/s/pki/ca.crt" },
      },
      authorization: { mode: "Webhook" },
      tlsCertFile: "/s/pki/kubelet.crt",
      tlsPrivateKeyFile: "/s/pki/kubelet.key",
      cgroupDriver: "cgroupfs",
      cgroupRoot: "/carrel-spec",
      failCgroupV1: false,
      failSwapOn: false,
      enforceNodeAllocatable: [],
      oomScoreAdj: 0,
      maxOpenFiles: 20_000,
      clusterDNS: ["10.221.0.10"],
      clusterDomain: "cluster.local",
      containerRuntimeEndpoint: "unix:///s/containerd.sock",
      evictionHard: {
        "memory.available": "100Mi",
        "nodefs.available": "1%",
        "nodefs.inodesFree": "1%",
        "imagefs.available": "1%",
      },
      imageGCHighThresholdPercent: 100,
      imageGCLowThresholdPercent: 99,
      resolvConf: "/s/resolv.conf",
      podLogsDir: "/s/pod-logs",
      volumePluginDir: "/s/volume-plugins",
      syncFrequency: "10s",
      nodeStatusUpdateFrequency: "4s",
      serializeImagePulls: false,
    });
  });

  it("has a containerd with folders of its own", () => {
    assert.equal(
      containerdToml(layout, "10.189.1.2:5000/lab/pause:1"),
      `version = 2
root = "/s/containerd"
state = "/s/containerd-state"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "/s/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "10.189.1.2:5000/lab/pause:1"
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
    conf_dir = "/s/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/s/certs.d"
`,
    );
    assert.equal(
      registryHostsToml(layout),
      'server = "http://10.189.1.2:5000"\n[host."http://10.189.1.2:5000"]\n  capabilities = ["pull", "resolve"]\n',
    );
  });

  it("has a bridge without masquerading, for pods of the node's part of the pod range", () => {
    assert.deepEqual(cniConfig(layout), {
      cniVersion: "1.0.0",
      name: "carrel-spec",
      plugins: [
        {
          type: "bridge",
          bridge: "cni0",
          isGateway: true,
          ipMasq: false,
          hairpinMode: true,
          ipam: {
            type: "host-local",
            dataDir: "/s/cni-addresses",
            ranges: [[{ subnet: "10.201.0.0/24", gateway: "10.201.0.1" }]],
            routes: [{ dst: "0.0.0.0/0" }],
          },
        },
        { type: "portmap", capabilities: { portMappings: true } },
      ],
    });
  });

  it("has a registry on the node's address", () => {
    assert.deepEqual(parse(registryYaml(layout)), {
      version: 0.1,
      log: { level: "warn", accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: "/s/registry" }, delete: { enabled: true } },
      http: { addr: "10.189.1.2:5000" },
    });
  });
});
