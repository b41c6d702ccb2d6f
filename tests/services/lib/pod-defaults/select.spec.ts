import assert from "node:assert/strict";
import fc from "fast-check";
import {
  exemption,
  indexByNamespace,
  inOrder,
  labelsBefore,
  selectPodDefaults,
} from "../../../../services/lib/pod-defaults/select.ts";
import { podDefault, podOf } from "./support.ts";

const names = (list: readonly { name: string }[]): readonly string[] => list.map(({ name }) => name);
const APPLIED = "carrel.dev/pod-defaults-applied";

describe("indexByNamespace", () => {
  it("keeps namespaces apart and sorts each by priority, then name as etcd does", () => {
    const all = [
      podDefault("b", {}),
      podDefault("a", { priority: -1 }),
      podDefault("a-1", {}),
      podDefault("B1", {}),
      podDefault("z", { priority: 5 }),
      { ...podDefault("other", {}), namespace: "elsewhere" },
    ];
    const index = indexByNamespace(all);
    assert.deepEqual([...index.keys()], ["lab", "elsewhere"]);
    assert.deepEqual(names(index.get("lab")!), ["z", "B1", "a-1", "b", "a"]);
    assert.deepEqual(names(index.get("elsewhere")!), ["other"]);
  });

  it("sorts alike whatever the order it is given", () => {
    const all = ["a", "b", "c", "d"].map((name, i) => podDefault(name, { priority: i % 2 }));
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: 4 }), (shuffled) => {
        assert.deepEqual(names(shuffled.sort(inOrder)), ["b", "d", "a", "c"]);
      }),
    );
    assert.equal(inOrder(all[0]!, all[0]!), 0);
  });
});

describe("exemption", () => {
  const exempt = (annotations: Record<string, string>): string | undefined => exemption(podOf({}, { annotations }));

  it("holds for the exact text true, and for mirrors of static pods", () => {
    assert.equal(exempt({ "poddefault.admission.kubeflow.org/exclude": "true" }), "excluded");
    assert.equal(exempt({ "poddefault.admission.kubeflow.org/exclude": "True" }), undefined);
    assert.equal(exempt({ "poddefault.admission.kubeflow.org/exclude": "false" }), undefined);
    assert.equal(exempt({ "kubernetes.io/config.mirror": "" }), "mirror");
    assert.equal(exemption({}), undefined);
  });
});

describe("selectPodDefaults", () => {
  const wants = (name: string, label: string, spec = {}) =>
    podDefault(name, { selector: { matchLabels: { [label]: "true" } }, ...spec });

  it("takes those whose selector the pod's labels meet, in the given order", () => {
    const all = [wants("a", "x"), wants("b", "y"), podDefault("every", {}), wants("c", "x")];
    assert.deepEqual(names(selectPodDefaults(podOf({}, { labels: { x: "true" } }), all)), ["a", "every", "c"]);
    assert.deepEqual(names(selectPodDefaults({}, all)), ["every"]);
  });

  it("lets no injected label select, also not in a second call", () => {
    const all = [wants("a", "x", { labels: { y: "true" } }), wants("b", "y")];
    assert.deepEqual(names(selectPodDefaults(podOf({}, { labels: { x: "true" } }), all)), ["a"]);
    const second = podOf({}, { labels: { x: "true", y: "true" }, annotations: { [APPLIED]: "a=1" } });
    assert.deepEqual(names(selectPodDefaults(second, all)), ["a"]);
    const edited = podOf({}, { labels: { x: "true", y: "true" }, annotations: { [APPLIED]: "a=0" } });
    assert.deepEqual(names(selectPodDefaults(edited, all)), ["a", "b"]);
  });

  it("keeps what a pod has got, also where an injected label would unselect it", () => {
    const unless = podDefault("a", {
      selector: { matchExpressions: [{ key: "done", operator: "DoesNotExist" }] },
      labels: { done: "true" },
    });
    const second = podOf({}, { labels: { done: "true" }, annotations: { [APPLIED]: "a=1" } });
    assert.deepEqual(names(selectPodDefaults(second, [unless])), ["a"]);
    assert.deepEqual(names(selectPodDefaults(podOf({}, { labels: { done: "true" } }), [unless])), []);
  });
});

describe("labelsBefore", () => {
  it("leaves out what was injected, and keeps another value of the same key", () => {
    const a = podDefault("a", { labels: { x: "1", y: "1" } });
    assert.deepEqual(labelsBefore(podOf({}, { labels: { x: "1", y: "2", z: "3" } }), [a]), { y: "2", z: "3" });
    assert.deepEqual(labelsBefore({}, [a]), {});
  });
});
