import assert from "node:assert/strict";
import fc from "fast-check";
import { normalisePodDefault } from "../../../../services/lib/pod-defaults/normalise.ts";
import { manifest, podDefault } from "./support.ts";

const reasonsOf = (spec: object): readonly string[] => {
  const normalised = normalisePodDefault({ ...manifest("odd", {}), spec });
  return normalised.ok ? [] : normalised.reasons;
};

const every = {
  selector: { matchLabels: { a: "b" } },
  desc: "for people",
  env: [{ name: "A", value: "1" }],
  envFrom: [{ secretRef: { name: "s" } }],
  volumes: [{ name: "v", emptyDir: {} }],
  volumeMounts: [{ name: "v", mountPath: "/v" }],
  tolerations: [{ key: "gpu", operator: "Exists" }],
  imagePullSecrets: [{ name: "pull" }],
  labels: { team: "x" },
  annotations: { "A.b/c": "any text" },
  command: ["a"],
  args: ["b"],
  serviceAccountName: "editor",
  automountServiceAccountToken: false,
  initContainers: [{ name: "init" }],
  sidecars: [{ name: "side" }, { name: "native", restartPolicy: "Always" }],
  nodeSelector: { disk: "ssd" },
  priority: -3,
  targetContainers: ["main"],
  untouchedContainers: [],
};

describe("normalisePodDefault", () => {
  it("reads every field", () => {
    const read = podDefault("all", every);
    assert.deepEqual(
      { ...read, selector: read.selector.map(({ text }) => text) },
      {
        name: "all",
        namespace: "lab",
        resourceVersion: "1",
        priority: -3,
        selector: ["a=b"],
        env: [{ name: "A", value: "1" }],
        envFrom: [{ secretRef: { name: "s" } }],
        volumes: [{ name: "v", emptyDir: {} }],
        volumeMounts: [{ name: "v", mountPath: "/v" }],
        tolerations: [{ key: "gpu", operator: "Exists" }],
        imagePullSecrets: [{ name: "pull" }],
        labels: [["team", "x"]],
        annotations: [["A.b/c", "any text"]],
        command: ["a"],
        args: ["b"],
        serviceAccountName: "editor",
        automountServiceAccountToken: false,
        initContainers: [{ name: "init" }, { name: "native", restartPolicy: "Always" }],
        sidecars: [{ name: "side" }],
        nodeSelector: [["disk", "ssd"]],
        affinity: { nodeTerms: [], lists: [] },
        targetContainers: new Set(["main"]),
        untouchedContainers: new Set(),
      },
    );
  });

  it("reads one without a spec, as upstream's definition admits it, as one that selects every pod for nothing", () => {
    const normalised = normalisePodDefault({ metadata: { name: "bare" } });
    assert.ok(normalised.ok);
    assert.deepEqual(normalised.podDefault.selector, []);
    assert.equal(normalised.podDefault.namespace, "");
    assert.equal(normalised.podDefault.resourceVersion, "");
  });

  it("takes an empty command and an empty service account for none", () => {
    const read = podDefault("a", { command: [], args: [], serviceAccountName: "" });
    assert.deepEqual([read.command, read.args, read.serviceAccountName], [undefined, undefined, undefined]);
  });

  const malformed: readonly (readonly [object, string])[] = [
    [{ env: [{ value: "1" }] }, "spec.env[0].name must be a text, got nothing"],
    [{ volumeMounts: [{ name: "v" }] }, "spec.volumeMounts[0].mountPath must be a text, got nothing"],
    [{ labels: { "a b": "c" } }, 'spec.labels: the key "a b" is no label key'],
    [{ labels: { a: "b c" } }, 'spec.labels: the key "a" has the value "b c", which is no label value'],
    [{ nodeSelector: { a: "b c" } }, 'spec.nodeSelector: the key "a" has the value "b c", which is no label value'],
    [{ annotations: { "a b": "c" } }, 'spec.annotations: the key "a b" is no annotation key'],
    [
      { annotations: { "carrel.dev/pod-defaults-applied": "x" } },
      'spec.annotations: the key "carrel.dev/pod-defaults-applied" is written by Carrel alone',
    ],
    [{ command: "sh" }, 'spec.command must be a list of texts, got "sh"'],
    [{ sidecars: [{}] }, "spec.sidecars[0].name must be a text, got nothing"],
    [{ affinity: [] }, "spec.affinity must be an object, got []"],
    [{ priority: "high" }, 'spec.priority must be an integer, got "high"'],
    [
      { selector: { matchExpressions: [{ key: "a", operator: "Gt" }] } },
      'spec.selector.matchExpressions[0].operator must be one of In, NotIn, Exists, DoesNotExist, got "Gt"',
    ],
  ];
  for (const [spec, reason] of malformed) {
    it(`refuses: ${reason}`, () => assert.deepEqual(reasonsOf(spec), [reason]));
  }

  it("names every problem, and whose they are", () => {
    assert.deepEqual(normalisePodDefault(manifest("odd", { env: {}, args: 1 })), {
      ok: false,
      name: "odd",
      namespace: "lab",
      reasons: ["spec.env must be a list, got {}", "spec.args must be a list of texts, got 1"],
    });
  });

  it("either reads or gives a reason, for any spec", () => {
    const fields = fc.constantFrom(
      "selector",
      "env",
      "volumes",
      "labels",
      "affinity",
      "sidecars",
      "priority",
      "command",
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(fields, fc.jsonValue())), (spec) => {
        const normalised = normalisePodDefault({ metadata: { name: "a" }, spec });
        assert.ok(normalised.ok || normalised.reasons.length > 0);
      }),
      { numRuns: 1000 },
    );
  });
});
