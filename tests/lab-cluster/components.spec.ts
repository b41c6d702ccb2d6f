import assert from "node:assert/strict";
import { join } from "node:path";
import { componentsOf, containerdSocket } from "../../lab/cluster/components.ts";
import { labLayout } from "../../lab/cluster/layout.ts";

const components = componentsOf(labLayout("spec", 1, "/s"), "/bin-dir");
const named = (name: string) => components.find((component) => component.name === name);
const flags = (text: string): string[] => text.trim().split(/\s+/);

describe("componentsOf", () => {
  it("is every process of a cluster of one node, in the order of their start", () => {
    assert.deepEqual(
      components.map(({ name }) => name),
      [
        ...["etcd", "registry", "containerd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"],
        ...["kubelet", "kube-proxy", "agent", "gateway", "forwarder"],
      ],
    );
  });

  it("has an etcd that listens on loopback alone", () => {
    assert.deepEqual(named("etcd"), {
      name: "etcd",
      command: "/bin-dir/etcd",
      args: flags(`--data-dir=/s/etcd --listen-client-urls=http://127.0.0.1:2379
        --advertise-client-urls=http://127.0.0.1:2379 --listen-peer-urls=http://127.0.0.1:2380
        --unsafe-no-fsync=true --log-level=warn`),
    });
  });

  it("has a registry and containerd from the distribution, with the lab's configuration", () => {
    assert.deepEqual(
      [named("registry"), named("containerd")],
      [
        { name: "registry", command: "/usr/bin/docker-registry", args: ["serve", "/s/registry.yaml"] },
        { name: "containerd", command: "/usr/bin/containerd", args: ["--config", "/s/containerd.toml"] },
      ],
    );
  });

  it("has an API server with RBAC, node restriction and aggregation", () => {
    assert.deepEqual(named("kube-apiserver"), {
      name: "kube-apiserver",
      command: "/bin-dir/kube-apiserver",
      args: flags(`--advertise-address=10.189.1.2 --secure-port=6443 --etcd-servers=http://127.0.0.1:2379
        --service-cluster-ip-range=10.221.0.0/16 --authorization-mode=Node,RBAC
        --enable-admission-plugins=NodeRestriction --enable-aggregator-routing=true --allow-privileged=true
        --client-ca-file=/s/pki/ca.crt --tls-cert-file=/s/pki/apiserver.crt
        --tls-private-key-file=/s/pki/apiserver.key --kubelet-certificate-authority=/s/pki/ca.crt
        --kubelet-client-certificate=/s/pki/apiserver-kubelet-client.crt
        --kubelet-client-key=/s/pki/apiserver-kubelet-client.key
        --kubelet-preferred-address-types=InternalIP
        --service-account-issuer=https://kubernetes.default.svc.cluster.local
        --service-account-key-file=/s/pki/sa.pub --service-account-signing-key-file=/s/pki/sa.key
        --requestheader-client-ca-file=/s/pki/front-proxy-ca.crt --requestheader-allowed-names=front-proxy-client
        --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group
        --requestheader-extra-headers-prefix=X-Remote-Extra- --proxy-client-cert-file=/s/pki/front-proxy-client.crt
        --proxy-client-key-file=/s/pki/front-proxy-client.key`),
    });
  });

  it("has a controller manager that makes no volumes itself", () => {
    const config = "/s/pki/controller-manager.kubeconfig";
    assert.deepEqual(named("kube-controller-manager"), {
      name: "kube-controller-manager",
      command: "/bin-dir/kube-controller-manager",
      args: flags(`--kubeconfig=${config} --authentication-kubeconfig=${config} --authorization-kubeconfig=${config}
        --controllers=*,bootstrapsigner,tokencleaner --use-service-account-credentials=true
        --root-ca-file=/s/pki/ca.crt --service-account-private-key-file=/s/pki/sa.key
        --cluster-signing-cert-file=/s/pki/ca.crt --cluster-signing-key-file=/s/pki/ca.key
        --allocate-node-cidrs=true --cluster-cidr=10.201.0.0/16 --service-cluster-ip-range=10.221.0.0/16
        --leader-elect=false --node-monitor-period=2s`),
    });
  });

  it("has a scheduler, a kubelet after containerd, and kube-proxy", () => {
    const scheduler = "/s/pki/scheduler.kubeconfig";
    assert.deepEqual(
      [named("kube-scheduler"), named("kubelet"), named("kube-proxy")],
      [
        {
          name: "kube-scheduler",
          command: "/bin-dir/kube-scheduler",
          args: flags(`--kubeconfig=${scheduler} --authentication-kubeconfig=${scheduler}
            --authorization-kubeconfig=${scheduler} --leader-elect=false`),
        },
        {
          name: "kubelet",
          command: "/bin-dir/kubelet",
          args: flags(`--config=/s/kubelet.yaml --kubeconfig=/s/pki/node.kubeconfig --root-dir=/s/kubelet
            --cert-dir=/s/kubelet/pki --hostname-override=carrel-spec --node-ip=10.189.1.2`),
          after: ["/s/containerd.sock"],
        },
        {
          name: "kube-proxy",
          command: "/bin-dir/kube-proxy",
          args: flags(`--kubeconfig=/s/pki/kube-proxy.kubeconfig --proxy-mode=iptables --cluster-cidr=10.201.0.0/16
            --hostname-override=carrel-spec --conntrack-max-per-core=0`),
        },
      ],
    );
    assert.equal(containerdSocket(labLayout("spec", 1, "/s")), "/s/containerd.sock");
  });

  it("has the lab's agent", () => {
    assert.deepEqual(named("agent"), {
      name: "agent",
      command: process.execPath,
      args: [
        join(import.meta.dirname, "../../lab/agent/main.ts"),
        ...flags(`--kubeconfig=/s/pki/admin.kubeconfig --load-balancer-cidr=10.189.1.128/25
          --node-addresses=10.189.1.2,10.201.0.1 --client-addresses=10.189.1.3 --node=carrel-spec --volumes=/s/volumes`),
      ],
    });
  });

  it("has a gateway in the lab's network, and what leads to it in the machine's", () => {
    const program = (file: string): string => join(import.meta.dirname, "../../lab/gateway", file);
    assert.deepEqual(
      [named("gateway"), named("forwarder")],
      [
        {
          name: "gateway",
          command: process.execPath,
          args: [
            program("main.ts"),
            ...flags("--kubeconfig=/s/pki/admin.kubeconfig --address=10.189.1.3 --folder=/s/gateway"),
          ],
        },
        {
          name: "forwarder",
          command: process.execPath,
          args: [program("forward.ts"), ...flags("--to=10.189.1.3 --ports=8444,8081,2223")],
          isOnMachine: true,
        },
      ],
    );
  });
});
