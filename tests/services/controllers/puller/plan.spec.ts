import assert from "node:assert/strict";
import type { Image } from "../../../../crds/index.ts";
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
  ...{ pullSecret: undefined, architecture: undefined },
  ...own,
});

describe("pullsOf", () => {
  it("has one for each image, by name", () => {
    const { pulls, left } = pullsOf([image("scipy", { pullSecret: "mine" }), image("base", { pullSecret: null })]);
    assert.deepEqual(pulls, [
      pull({ name: "image-puller-base", image: "base", reference: "registry.test/base:1" }),
      pull({ pullSecret: "mine" }),
    ]);
    assert.deepEqual(left, []);
  });

  it("has one more for each architecture that has a reference of its own, the first, and none for accelerators", () => {
    const variants = [
      { architecture: "arm64", accelerator: "nvidia.com/gpu", reference: "registry.test/arm-gpu:1" },
      { architecture: "arm64", reference: "registry.test/arm:1" },
      { architecture: "arm64", reference: "registry.test/arm:2" },
      { accelerator: "nvidia.com/gpu", reference: "registry.test/gpu:1" },
    ];
    const { pulls } = pullsOf([image("scipy", { variants })]);
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

  it("takes of an image that is built what was built last, and nothing before", () => {
    const build = { base: "registry.test/base:1" };
    const built = { build: { phase: "Succeeded" as const, reference: "registry.test/built@sha256:1" } };
    assert.deepEqual(pullsOf([image("scipy", { build })]).pulls, []);
    assert.deepEqual(pullsOf([image("scipy", { build }, built)]).pulls, [
      pull({ reference: "registry.test/built@sha256:1" }),
    ]);
  });

  it("leaves what a node would have no room for", () => {
    const many = Array.from({ length: MOST_PULLS + 2 }, (_, i) => image(`image-${String(i).padStart(3, "0")}`));
    const { pulls, left } = pullsOf(many.reverse());
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
