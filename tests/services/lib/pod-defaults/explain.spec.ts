import assert from "node:assert/strict";
import { explainPodDefaults, explanationText } from "../../../../services/lib/pod-defaults/explain.ts";
import { type Normalised, normalisePodDefault } from "../../../../services/lib/pod-defaults/normalise.ts";
import { manifest, podOf } from "./support.ts";

const read = (name: string, spec: object): Normalised => normalisePodDefault(manifest(name, { ...spec }));
const known: readonly Normalised[] = [
  read("spark", { selector: { matchLabels: { spark: "true" } } }),
  read("gcp", {
    env: [{ name: "KEY", value: "/gcp/key" }],
    volumes: [{ name: "gcp", secret: { secretName: "gcp" } }],
    volumeMounts: [{ name: "gcp", mountPath: "/gcp" }],
    serviceAccountName: "viewer",
    targetContainers: ["main", "trainer"],
  }),
  read("base", { env: [{ name: "TZ", value: "UTC" }], serviceAccountName: "editor", priority: 10 }),
  read("odd", { env: {}, args: 1 }),
  { ok: true, podDefault: { ...(read("elsewhere", {}) as Normalised & { ok: true }).podDefault, namespace: "other" } },
];
const pod = podOf({
  containers: [{ name: "main", env: [{ name: "TZ", value: "UTC" }] }],
  serviceAccountName: "default",
});

describe("explanation", () => {
  it("says what a pod gets, from whom, and why not", () => {
    assert.equal(
      explanationText(explainPodDefaults(pod, "lab", known)),
      `pod lab/pod-0: 2 of 4 PodDefaults applied
  base (priority 10): applied
    container "main": env "TZ" (there already)
    pod: serviceAccountName "editor" (replaces the pod's)
  gcp: applied
    container "main": env "KEY"
    container "main": volumeMounts "/gcp"
    pod: volumes "gcp"
    pod: serviceAccountName "viewer" (overruled by another PodDefault)
    container "trainer": not in the pod
  spark: unselected, the pod's labels do not meet spark=true
  odd: malformed, spec.env must be a list, got {}; spec.args must be a list of texts, got 1
`,
    );
  });

  it("says of a conflict that it withholds all, and names both values", () => {
    const clash = podOf({ containers: [{ name: "main", env: [{ name: "TZ", value: "CET" }] }] });
    assert.equal(
      explanationText(explainPodDefaults(clash, "lab", known.slice(0, 3))),
      `pod lab/pod-0: 0 of 3 PodDefaults applied
  base (priority 10): withheld, a conflict withholds every PodDefault
  gcp: withheld, a conflict withholds every PodDefault
  spark: unselected, the pod's labels do not meet spark=true
  conflicts:
    PodDefault "base" sets env "TZ" of container "main" to {"name":"TZ","value":"UTC"}, but the pod has {"name":"TZ","value":"CET"}
`,
    );
  });

  it("says why an exempt pod gets nothing", () => {
    const text = (annotations: Record<string, string>): string =>
      explanationText(
        explainPodDefaults(podOf({}, { name: "", generateName: "job-", annotations }), "lab", known.slice(0, 1)),
      );
    assert.equal(
      text({ "poddefault.admission.kubeflow.org/exclude": "true" }),
      `pod lab/: 0 of 1 PodDefaults applied
  spark: withheld, the pod has the annotation poddefault.admission.kubeflow.org/exclude: "true"
`,
    );
    assert.match(text({ "kubernetes.io/config.mirror": "x" }), /withheld, the pod is the mirror of a static pod/);
  });

  it("is structured for programs", () => {
    assert.deepEqual(explainPodDefaults({ metadata: { generateName: "job-" } }, "lab", known.slice(0, 1)), {
      pod: "job-",
      namespace: "lab",
      outcome: "untouched",
      podDefaults: [
        {
          name: "spark",
          priority: 0,
          outcome: "unselected",
          reason: "the pod's labels do not meet spark=true",
          gifts: [],
          missingContainers: [],
        },
      ],
      conflicts: [],
    });
  });

  it("says that an injected label selects nothing", () => {
    const all = [read("a", { labels: { x: "1" } }), read("b", { selector: { matchLabels: { x: "1" } } })];
    const second = podOf({}, { labels: { x: "1" }, annotations: { "carrel.dev/pod-defaults-applied": "a=1" } });
    const { podDefaults } = explainPodDefaults(second, "lab", all);
    assert.deepEqual(
      podDefaults.map(({ outcome, reason }) => [outcome, reason]),
      [
        ["applied", undefined],
        ["unselected", "the pod's labels do not meet x=1"],
      ],
    );
  });

  it("takes a pod without anything for what it is", () => {
    const { pod: name, podDefaults } = explainPodDefaults({}, "lab", [read("a", { targetContainers: ["main"] })]);
    assert.equal(name, "");
    assert.deepEqual(podDefaults[0]?.missingContainers, ["main"]);
  });
});
