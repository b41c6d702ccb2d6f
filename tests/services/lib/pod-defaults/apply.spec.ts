import assert from "node:assert/strict";
import fc from "fast-check";
import { applyPodDefaults, type Outcome } from "../../../../services/lib/pod-defaults/apply.ts";
import { normalisePodDefault } from "../../../../services/lib/pod-defaults/normalise.ts";
import { indexByNamespace } from "../../../../services/lib/pod-defaults/select.ts";
import type { Pod, PodDefault } from "../../../../services/lib/pod-defaults/types.ts";
import { manifests, pods } from "./generators.ts";
import { intended, type Manifest } from "./oracle.ts";
import { patched, podDefault, podOf } from "./support.ts";

const APPLIED = "carrel.dev/pod-defaults-applied";

function ordered(all: readonly Manifest[]): readonly PodDefault[] {
  const read = all.map(normalisePodDefault).flatMap((item) => (item.ok ? [item.podDefault] : []));
  assert.equal(read.length, all.length);
  return indexByNamespace(read).get("lab") ?? [];
}

function podAfter(pod: Pod, outcome: Outcome): Pod {
  return outcome.kind === "applied" ? patched(pod, outcome.operations) : pod;
}

/** As fast-check makes objects without a prototype, and as a pod arrives. */
const received = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe("applyPodDefaults, against an oracle and another patch engine", () => {
  const kinds = new Map<string, number>();

  it("gives the intended pod, or the intended conflicts; a second application changes nothing", () => {
    fc.assert(
      fc.property(pods, manifests, (given, all) => {
        const pod = received(given) as Pod;
        const sources = ordered(received(all));
        const expected = intended({ ...pod }, received(all));
        const text = JSON.stringify(pod);
        const outcome = applyPodDefaults(pod, sources);
        assert.equal(JSON.stringify(pod), text, "the pod itself was changed");
        kinds.set(outcome.kind, (kinds.get(outcome.kind) ?? 0) + 1);
        const found = outcome.kind === "conflict" ? outcome.conflicts : [];
        assert.deepEqual(
          found
            .map(({ podDefault, field, key, container = "" }) => `${podDefault} ${field} ${key} ${container}`)
            .sort(),
          expected.conflicts.toSorted(),
        );
        if (outcome.kind === "conflict") return;
        const after = podAfter(pod, outcome);
        assert.deepEqual(after, expected.pod);
        const second = applyPodDefaults(after, sources);
        assert.deepEqual(second.kind === "applied" ? second.operations : [], []);
        assert.equal(second.kind, outcome.kind);
      }),
      { numRuns: 3000 },
    );
  });

  it("has seen every kind of outcome often", () => {
    for (const kind of ["applied", "conflict", "untouched"])
      assert.ok((kinds.get(kind) ?? 0) > 100, [...kinds].join(" "));
  });
});

describe("applyPodDefaults", () => {
  const env = (name: string, value: string) => ({ name, value });
  const source = podDefault("a", { env: [env("A", "1")] });

  it("leaves excluded, mirror and unselected pods alone", () => {
    const other = podDefault("b", { selector: { matchLabels: { x: "y" } } });
    const exclude = { "poddefault.admission.kubeflow.org/exclude": "true" };
    const mirror = { "kubernetes.io/config.mirror": "x" };
    assert.deepEqual(applyPodDefaults(podOf({}, { annotations: exclude }), [source]), {
      kind: "untouched",
      reason: "excluded",
    });
    assert.deepEqual(applyPodDefaults(podOf({}, { annotations: mirror }), [source]), {
      kind: "untouched",
      reason: "mirror",
    });
    assert.deepEqual(applyPodDefaults(podOf(), [other]), { kind: "untouched", reason: "unselected" });
    assert.deepEqual(applyPodDefaults(podOf(), []), { kind: "untouched", reason: "unselected" });
  });

  it("patches exactly what is missing, where it is missing", () => {
    const pod = podOf({ containers: [{ name: "main", env: [] }, { name: "b" }] });
    const outcome = applyPodDefaults(pod, [source]);
    assert.deepEqual(outcome, {
      kind: "applied",
      podDefaults: [source],
      operations: [
        { op: "add", path: "/spec/containers/0/env/-", value: env("A", "1") },
        { op: "add", path: "/spec/containers/1/env", value: [env("A", "1")] },
        { op: "add", path: "/metadata/annotations", value: {} },
        { op: "add", path: "/metadata/annotations/carrel.dev~1pod-defaults-applied", value: "a=1" },
      ],
    });
  });

  it("applies nothing of any PodDefault where one conflicts", () => {
    const outcome = applyPodDefaults(podOf({ containers: [{ name: "main", env: [env("A", "2")] }] }), [
      source,
      podDefault("b", { labels: { x: "y" } }),
    ]);
    assert.equal(outcome.kind, "conflict");
    assert.ok(!("operations" in outcome));
    assert.equal(
      outcome.kind === "conflict" && outcome.message,
      'no PodDefault is applied because of a conflict: PodDefault "a" sets env "A" of container "main" to ' +
        '{"name":"A","value":"1"}, but the pod has {"name":"A","value":"2"}',
    );
  });

  it("gives containers that others add between two calls what they lack", () => {
    const first = podAfter(podOf(), applyPodDefaults(podOf(), [source]));
    const grown = {
      ...first,
      spec: { ...first.spec, containers: [...(first.spec?.containers ?? []), { name: "late" }] },
    };
    const second = applyPodDefaults(grown, [source]);
    assert.deepEqual(second.kind === "applied" && second.operations, [
      { op: "add", path: "/spec/containers/1/env", value: [env("A", "1")] },
    ]);
  });

  it("never touches mesh proxies, unless the list of those is another", () => {
    const pod = podOf({ containers: [{ name: "istio-proxy" }, { name: "linkerd-proxy" }, { name: "vault" }] });
    const names = (outcome: Outcome) =>
      podAfter(pod, outcome).spec?.containers?.flatMap((container) => (container.env ? [container.name] : []));
    assert.deepEqual(names(applyPodDefaults(pod, [source])), ["vault"]);
    const settings = { untouchedContainers: new Set(["vault"]) };
    assert.deepEqual(names(applyPodDefaults(pod, [source], settings)), ["istio-proxy", "linkerd-proxy"]);
    const open = podDefault("a", { env: [env("A", "1")], untouchedContainers: [] });
    assert.deepEqual(names(applyPodDefaults(pod, [open])), ["istio-proxy", "linkerd-proxy", "vault"]);
  });

  it("writes its one annotation also for a name that upstream's key could not hold", () => {
    const long = podDefault("n".repeat(253), {}, "5");
    const after = podAfter(podOf(), applyPodDefaults(podOf(), [long]));
    assert.deepEqual(after.metadata?.annotations, { [APPLIED]: `${"n".repeat(253)}=5` });
  });
});
