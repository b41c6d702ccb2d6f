import assert from "node:assert/strict";
import type { Image, InstanceType } from "../../../../crds/index.ts";
import { placesOf } from "../../../../services/controllers/puller/nodes.ts";
import {
  daemonSet,
  isOurs,
  MOST_PULLS,
  OWN_SELECTOR,
  type Pull,
  planPulls,
  pullsOf,
} from "../../../../services/controllers/puller/plan.ts";
import type { KubeObject } from "../../../../services/lib/kube/types.ts";

const image = (name: string, spec: Partial<Image["spec"]> = {}, status?: Image["status"]): Image => ({
  ...{ apiVersion: "carrel.dev/v1", kind: "Image", metadata: { name } },
  spec: { reference: `registry.test/${name}:1`, ...spec },
  ...(status === undefined ? {} : { status }),
});
const settings = { namespace: "hub", pauseImage: "registry.test/pause:3", priorityClass: "library-placeholder" };
const pull = (own: Partial<Pull> = {}): Pull => ({
  ...{ name: "image-puller-scipy", image: "scipy", reference: "registry.test/scipy:1" },
  ...{ pullSecret: undefined, architecture: undefined, hosts: undefined, tolerations: [] },
  ...own,
});
const GPU = "nvidia.com/gpu";
const instanceType = (name: string, own: Partial<InstanceType["spec"]> = {}): InstanceType => ({
  ...{ apiVersion: "carrel.dev/v1", kind: "InstanceType", metadata: { name } },
  spec: { cpu: "1", memory: "2Gi", ...own },
});
const tolerates = (key: string) => ({ key, operator: "Exists" }) as const;
const nowhere = placesOf([], []);
const gpuNode = { metadata: { name: "n1" }, extended: [GPU] };
const withGpu = placesOf(
  [gpuNode, { metadata: { name: "n2" }, extended: [] }],
  [
    instanceType("small", { tolerations: [tolerates("people")] }),
    instanceType("gpu", { resources: { [GPU]: "1" }, tolerations: [tolerates(GPU)] }),
  ],
);
/** What tells pulls apart. */
const brief = ({ name, reference, architecture, hosts, tolerations }: Pull) => ({
  name: name.replace(/-[0-9a-f]{8}$/, ""),
  reference: reference.replace("registry.test/", ""),
  ...(architecture === undefined ? {} : { architecture: `${architecture.operator} ${architecture.values}` }),
  ...(hosts === undefined ? {} : { hosts }),
  tolerates: tolerations.map(({ key }) => key),
});

describe("pullsOf", () => {
  it("has one for each image, by name", () => {
    const { pulls, left } = pullsOf(
      [image("scipy", { pullSecret: "mine" }), image("base", { pullSecret: null })],
      nowhere,
    );
    assert.deepEqual(pulls, [
      pull({ name: "image-puller-base", image: "base", reference: "registry.test/base:1" }),
      pull({ pullSecret: "mine" }),
    ]);
    assert.deepEqual(left, []);
  });

  const variants = [
    { architecture: "arm64", accelerator: GPU, reference: "registry.test/arm-gpu:1" },
    { architecture: "arm64", reference: "registry.test/arm:1" },
    { architecture: "arm64", reference: "registry.test/arm:2" },
    { accelerator: GPU, reference: "registry.test/gpu:1" },
    { accelerator: GPU, reference: "registry.test/gpu:2" },
  ];

  it("has one more for each architecture that has a reference of its own, the first", () => {
    const { pulls } = pullsOf([image("scipy", { variants })], nowhere);
    assert.deepEqual(pulls, [
      pull({ architecture: { operator: "NotIn", values: ["arm64"] } }),
      pull({
        name: pulls[1]?.name ?? "",
        reference: "registry.test/arm:1",
        architecture: { operator: "In", values: ["arm64"] },
      }),
    ]);
    assert.match(pulls[1]?.name ?? "", /^image-puller-scipy-arm64-[0-9a-f]{8}$/);
  });

  it("has those for an accelerator on the nodes that have it, and each where the types that start it go", () => {
    const { pulls } = pullsOf([image("scipy", { variants }), image("base")], withGpu);
    assert.deepEqual(pulls.map(brief), [
      { name: "image-puller-base", reference: "base:1", tolerates: [GPU, "people"] },
      { name: "image-puller-scipy", reference: "scipy:1", architecture: "NotIn arm64", tolerates: ["people"] },
      { name: "image-puller-scipy-arm64", reference: "arm:1", architecture: "In arm64", tolerates: ["people"] },
      {
        ...{ name: "image-puller-scipy-nvidia-com-gpu", reference: "gpu:1", architecture: "NotIn arm64" },
        ...{ hosts: ["n1"], tolerates: [GPU] },
      },
      {
        ...{ name: "image-puller-scipy-arm64-nvidia-com-gpu", reference: "arm-gpu:1", architecture: "In arm64" },
        ...{ hosts: ["n1"], tolerates: [GPU] },
      },
    ]);
    assert.equal(new Set(pulls.map(({ name }) => name)).size, pulls.length);
  });

  it("has none for an accelerator that no node has, or no type asks for", () => {
    const none = [image("scipy", { reference: "registry.test/scipy:1", variants: variants.slice(3) })];
    const count = (...places: Parameters<typeof placesOf>): number => pullsOf(none, placesOf(...places)).pulls.length;
    const type = instanceType("gpu", { resources: { [GPU]: 1 } });
    assert.deepEqual(
      [
        count([gpuNode], [type]),
        count([], [type]),
        count([gpuNode], []),
        count([gpuNode], [instanceType("no", { resources: { [GPU]: 0 } })]),
      ],
      [2, 1, 1, 1],
    );
  });

  it("takes of an image that is built what was built last, and nothing before", () => {
    const build = { base: "registry.test/base:1" };
    const built = { build: { phase: "Succeeded" as const, reference: "registry.test/built@sha256:1" } };
    assert.deepEqual(pullsOf([image("scipy", { build })], nowhere).pulls, []);
    assert.deepEqual(pullsOf([image("scipy", { build }, built)], nowhere).pulls, [
      pull({ reference: "registry.test/built@sha256:1" }),
    ]);
  });

  it("leaves what a node would have no room for", () => {
    const many = Array.from({ length: MOST_PULLS + 2 }, (_, i) => image(`image-${String(i).padStart(3, "0")}`));
    const { pulls, left } = pullsOf(many.reverse(), nowhere);
    assert.equal(pulls.length, MOST_PULLS);
    assert.deepEqual(
      left.map((one) => one.image),
      ["image-050", "image-051"],
    );
  });
});

const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};
const nothing = { requests: { cpu: "0", memory: "0" } };
const own = { "app.kubernetes.io/name": "image-puller", "app.kubernetes.io/managed-by": "carrel" };
const podSpec = {
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  priorityClassName: "library-placeholder",
  terminationGracePeriodSeconds: 0,
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65534,
    runAsGroup: 65534,
    seccompProfile: { type: "RuntimeDefault" },
  },
  initContainers: [
    {
      name: "pull",
      image: "registry.test/scipy:1",
      imagePullPolicy: "IfNotPresent",
      command: ["/bin/sh", "-c", "true"],
      securityContext: restricted,
      resources: nothing,
    },
  ],
  containers: [{ name: "pause", image: "registry.test/pause:3", securityContext: restricted, resources: nothing }],
};

describe("daemonSet", () => {
  it("pulls on every node and then holds the image, without a right or a share of the node", () => {
    const { metadata, ...rest } = daemonSet(pull(), settings);
    const { annotations, ...others } = metadata;
    assert.deepEqual(others, {
      name: "image-puller-scipy",
      namespace: "hub",
      labels: { ...own, "carrel.dev/pull": "scipy" },
    });
    assert.deepEqual(rest, {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      spec: {
        selector: { matchLabels: { "carrel.dev/pull": "scipy" } },
        revisionHistoryLimit: 1,
        updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "100%" } },
        template: { metadata: { labels: { ...own, "carrel.dev/pull": "scipy" } }, spec: podSpec },
      },
    });
    assert.equal(annotations?.["carrel.dev/image"], "scipy");
    assert.match(annotations?.["carrel.dev/spec-hash"] ?? "", /^[0-9a-f]{16}$/);
  });

  it("goes to nodes of its architecture, with the secret of its registry", () => {
    const architecture = { operator: "In", values: ["arm64"] } as const;
    const { spec } = daemonSet(pull({ architecture, pullSecret: "mine" }), settings) as unknown as {
      spec: { template: { spec: object } };
    };
    const matchExpressions = [{ key: "kubernetes.io/arch", operator: "In", values: ["arm64"] }];
    assert.deepEqual(spec.template.spec, {
      ...podSpec,
      imagePullSecrets: [{ name: "mine" }],
      affinity: {
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
      },
    });
  });

  it("goes to nodes of its accelerator, and to those with a taint that its servers tolerate", () => {
    const hosts = ["n1", "n2"];
    const { spec } = daemonSet(pull({ hosts, tolerations: [tolerates(GPU)] }), settings) as unknown as {
      spec: { template: { spec: object } };
    };
    const matchExpressions = [{ key: "kubernetes.io/hostname", operator: "In", values: hosts }];
    assert.deepEqual(spec.template.spec, {
      ...podSpec,
      tolerations: [{ key: GPU, operator: "Exists" }],
      affinity: {
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
      },
    });
  });

  it("is one of ours by its labels, all of them", () => {
    const made = daemonSet(pull(), settings);
    assert.equal(isOurs(made), true);
    assert.equal(OWN_SELECTOR, "app.kubernetes.io/name=image-puller,app.kubernetes.io/managed-by=carrel");
    const { "app.kubernetes.io/managed-by": _, ...labels } = made.metadata.labels ?? {};
    assert.equal(isOurs({ metadata: { ...made.metadata, labels } }), false);
    assert.equal(isOurs({ metadata: { name: made.metadata.name } }), false);
  });
});

describe("planPulls", () => {
  const there = (object: KubeObject, resourceVersion = "7"): KubeObject => ({
    metadata: { ...object.metadata, uid: `uid of ${object.metadata.name}`, resourceVersion },
  });
  const [scipy, base] = [daemonSet(pull(), settings), daemonSet(pull({ name: "image-puller-base" }), settings)];

  it("makes what is missing, and does nothing about what is right", () => {
    assert.deepEqual(planPulls([base, scipy], [there(scipy)]), [{ kind: "create", object: base }]);
    assert.deepEqual(planPulls([scipy], [there(scipy)]), []);
  });

  it("changes what is another, of the version that it has seen", () => {
    const newer = daemonSet(pull({ reference: "registry.test/scipy:2" }), settings);
    const object = { ...newer, metadata: { ...newer.metadata, resourceVersion: "7" } };
    assert.deepEqual(planPulls([newer], [there(scipy)]), [{ kind: "update", object }]);
  });

  it("removes its own that nothing asks for, and nobody else's", () => {
    const foreign = { metadata: { name: "image-puller-theirs", uid: "1", labels: { app: "theirs" } } };
    assert.deepEqual(planPulls([], [there(scipy), foreign]), [
      { kind: "delete", name: "image-puller-scipy", uid: "uid of image-puller-scipy" },
    ]);
  });
});
