import assert from "node:assert/strict";
import { join } from "node:path";
import { mock } from "node:test";
import { existingLayout, upBuilt } from "../../lab/cluster/built.ts";
import { upGiven } from "../../lab/cluster/given.ts";
import { pushLabImages } from "../../lab/cluster/images.ts";
import { downKind, kindConfig, upKind } from "../../lab/cluster/kind.ts";
import { labLayout } from "../../lab/cluster/layout.ts";
import { identify } from "../../lab/cluster/process-identity.ts";
import { findLab, labStateDir } from "../../lab/endpoints.ts";
import { Progress } from "../../lab/progress.ts";
import { FakeRegistry } from "../images/oci/fake-registry.ts";
import { json, type ScriptedServer, scriptedServer, text } from "../services/lib/kube/scripted-server.ts";
import { Scratch } from "./environment.ts";

const silent = new Progress({ write: () => {}, isTerminal: false });

describe("labs on clusters of others", function () {
  this.timeout(60_000);
  let scratch: Scratch;
  let registry: FakeRegistry;
  let api: ScriptedServer;
  const real = { execPath: process.execPath, getuid: process.getuid };
  beforeEach(async () => {
    scratch = new Scratch();
    scratch.ownLabs();
    scratch.usePrograms();
    registry = await FakeRegistry.start();
    api = await scriptedServer(text(200, "ok"));
    // Any small dynamic program stands in for Node in the base image.
    process.execPath = "/bin/true";
  });
  afterEach(async () => {
    Object.assign(process, real);
    mock.restoreAll();
    await registry.http.close();
    await api.close();
    scratch.restore();
  });

  const kubeconfig = (file: string, server: string): string =>
    scratch.write(
      file,
      JSON.stringify({
        "current-context": "other",
        clusters: [{ name: "c", cluster: { server } }],
        contexts: [
          { name: "other", context: { cluster: "none" } },
          { name: "mine", context: { cluster: "c" } },
        ],
      }),
    );
  const nodeBaseIn = (host: string): RegExp => new RegExp(`^${host}/lab/node-base@sha256:[0-9a-f]{64}$`);

  it("take a given cluster after they asked it, and push their base image", async () => {
    const path = kubeconfig("kubeconfig", api.url);
    const env = { LAB_REGISTRY: registry.host, LAB_REGISTRY_PLAIN_HTTP: "true", LAB_CONTEXT: "mine" };
    const { nodeBase, ...rest } = await upGiven("spec", path, env);
    assert.match(nodeBase, nodeBaseIn(registry.host));
    assert.deepEqual(rest, {
      name: "spec",
      variant: "kubeconfig",
      kubeconfig: path,
      context: "mine",
      server: api.url,
      registry: { host: registry.host, plainHttp: true },
      controlPlaneCidrs: ["0.0.0.0/0"],
    });
    assert.deepEqual(findLab("spec"), { ...rest, nodeBase });
    assert.deepEqual(
      api.seen.map(({ method, path: asked }) => `${method} ${asked}`),
      ["GET /readyz"],
    );
    assert.deepEqual(
      [...registry.manifests.keys()].map((key) => key.split("@")[0]),
      ["lab/node-base"],
    );
  });

  it("need a registry, and a cluster that is ready", async () => {
    for (const env of [{}, { LAB_REGISTRY: "" }]) {
      await assert.rejects(upGiven("spec", "/k", env), {
        name: "UserError",
        code: "lab-registry",
        message:
          "LAB_KUBECONFIG needs LAB_REGISTRY too: name a registry (host:port) that this machine and the cluster's nodes reach",
      });
    }
    const path = kubeconfig("kubeconfig", api.url);
    api.next.push(text(500, "etcd failed"));
    await assert.rejects(upGiven("spec", path, { LAB_REGISTRY: registry.host, LAB_CONTEXT: "mine" }), {
      name: "KubeError",
      message: "GET /readyz: HTTP 500",
    });
    assert.deepEqual([findLab("spec"), registry.asked()], [undefined, []]);
  });

  it("start kind with a registry beside it", async () => {
    scratch.program("kind", 'if [ "$1" = create ]; then cat >"$(dirname "$0")/../kind.yaml"; else echo other; fi');
    scratch.program("docker", '[ "$1" != inspect ]');
    scratch.program("kubectl", "echo https://127.0.0.1:40000");
    const realFetch = globalThis.fetch;
    mock.method(globalThis, "fetch", (url: string, init: RequestInit) =>
      realFetch(String(url).replace("localhost:5001", registry.host), init),
    );
    const { nodeBase, ...rest } = await upKind("spec", "docker", silent);
    const config = join(labStateDir("spec"), "kubeconfig");
    assert.match(nodeBase, nodeBaseIn("localhost:5001"));
    assert.deepEqual(rest, {
      name: "spec",
      variant: "kind",
      kubeconfig: config,
      context: "kind-carrel-spec",
      server: "https://127.0.0.1:40000",
      registry: { host: "localhost:5001", plainHttp: true },
      controlPlaneCidrs: ["0.0.0.0/0"],
    });
    assert.deepEqual(findLab("spec"), { ...rest, nodeBase });
    assert.deepEqual(scratch.calls(), [
      "kind get clusters",
      `kind create cluster --name carrel-spec --kubeconfig ${config} --wait 120s --config -`,
      "docker inspect carrel-spec-registry",
      "docker run -d --name carrel-spec-registry --network kind -p 127.0.0.1:5001:5000 docker.io/library/registry:3",
      `kubectl --kubeconfig ${config} config view --minify -o jsonpath={.clusters[0].cluster.server}`,
    ]);
    assert.equal(scratch.read("kind.yaml"), kindConfig("carrel-spec-registry"));
    scratch.program("kind", "echo carrel-spec");
    scratch.program("docker");
    await upKind("spec", "docker", silent);
    assert.deepEqual(
      scratch
        .calls()
        .slice(5, 8)
        .map((call) => call.slice(0, 35)),
      ["kind get clusters", "docker inspect carrel-spec-registry", `kubectl --kubeconfig ${config}`.slice(0, 35)],
    );
  });

  it("configure kind's node for the registry, and remove both", async () => {
    assert.equal(
      kindConfig("the-registry", 5005),
      `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
  - role: control-plane
containerdConfigPatches:
  - |-
    [plugins."io.containerd.grpc.v1.cri".registry.mirrors."localhost:5005"]
      endpoint = ["http://the-registry:5000"]
`,
    );
    scratch.program("kind");
    scratch.program("podman", "exit 1");
    await downKind("spec", "podman");
    assert.deepEqual(scratch.calls(), ["podman rm -f carrel-spec-registry", "kind delete cluster --name carrel-spec"]);
  });

  it("push the images that a built lab starts with", async () => {
    for (const program of ["pause", "coredns"]) scratch.write(`built/${program}`, `program ${program}`);
    const layout = { ...labLayout("spec", 1, scratch.folder), registry: registry.host };
    const images = await pushLabImages(layout, join(scratch.folder, "built"));
    assert.deepEqual(
      Object.values(images).map((reference) => reference.replace(/@sha256:[0-9a-f]{64}$/, "")),
      ["pause", "coredns", "node-base"].map((name) => `${registry.host}/lab/${name}`),
    );
    const tags = [...registry.manifests.keys()].filter((key) => !key.includes("sha256:"));
    assert.deepEqual(tags, ["lab/pause@1", "lab/coredns@1.12.4", `lab/node-base@${process.versions.node}`]);
    const manifest = JSON.parse(String(registry.manifests.get("lab/pause@1")?.bytes)) as { config: { digest: string } };
    const config = JSON.parse(String(registry.blobs.get(`lab/pause@${manifest.config.digest}`))) as { config: object };
    assert.deepEqual(config.config, {
      Entrypoint: ["/pause"],
      User: "65532:65532",
      Labels: { "dev.carrel.lab": "stand-in built from released source" },
    });
  });

  it("leave a built lab that is healthy as it is", async () => {
    assert.equal(existingLayout("spec"), undefined);
    const endpoints = { name: "spec", variant: "built" };
    scratch.write("state/labs/spec/index", "4");
    scratch.write("state/labs/spec/endpoints.json", JSON.stringify(endpoints));
    scratch.write("state/labs/spec/supervisor.json", JSON.stringify(identify(process.pid)));
    const config = kubeconfig("state/labs/spec/pki/admin.kubeconfig", api.url);
    scratch.write(config.slice(scratch.folder.length + 1), scratch.read(config).replace('"none"', '"c"'));
    const conditions = ["Ready", "Available"].map((type) => ({ type, status: "True" }));
    api.fallback = json(200, { status: { conditions } });
    assert.deepEqual(existingLayout("spec"), labLayout("spec", 4));
    assert.deepEqual(await upBuilt("spec", silent), endpoints);
    assert.equal(api.seen.length, 2);
  });

  it("refuse to build a lab without root, and to take an unhealthy one for a lab", async () => {
    process.getuid = () => 1000;
    const refused = {
      name: "UserError",
      code: "not-root",
      message: "the built lab makes network namespaces and cgroups, which needs root: run this as root",
    };
    await assert.rejects(upBuilt("spec", silent), refused);
    scratch.write("state/labs/spec/index", "4");
    scratch.write("state/labs/spec/endpoints.json", "{}");
    await assert.rejects(upBuilt("spec", silent), refused);
    scratch.write("state/labs/spec/supervisor.json", JSON.stringify(identify(process.pid)));
    const config = kubeconfig("state/labs/spec/pki/admin.kubeconfig", api.url);
    scratch.write(config.slice(scratch.folder.length + 1), scratch.read(config).replace('"none"', '"c"'));
    api.fallback = json(503, {});
    await assert.rejects(upBuilt("spec", silent), refused);
  });
});
