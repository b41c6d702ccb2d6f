import assert from "node:assert/strict";
import { type PodDefaultsOptions, podDefaultsWebhook } from "../../../services/admission/pod-defaults-webhook.ts";
import type { ReviewRequest } from "../../../services/admission/review.ts";
import { normalisePodDefault } from "../../../services/lib/pod-defaults/normalise.ts";
import type { PodDefault } from "../../../services/lib/pod-defaults/types.ts";
import { changed, creation, denied, responseTo, unchanged } from "./mutating.ts";

function podDefault(name: string, spec: object): PodDefault {
  const normalised = normalisePodDefault({ metadata: { name, namespace: "lab", resourceVersion: "3" }, spec });
  assert.ok(normalised.ok, JSON.stringify(normalised));
  return normalised.podDefault;
}

const selector = { matchLabels: { gpu: "yes" } };
const token = podDefault("token", { selector, env: [{ name: "TOKEN", value: "t" }] });
const container = (name: string, more: object = {}): object => ({ name, image: "x", ...more });
const pod = (labels: Record<string, string>, ...containers: object[]): object => ({
  metadata: { name: "work", labels, annotations: { own: "kept" } },
  spec: { containers: containers.length === 0 ? [container("main")] : containers },
});
const selected = pod({ gpu: "yes" });

const env = (position: number): object => ({
  op: "add",
  path: `/spec/containers/${position}/env`,
  value: [{ name: "TOKEN", value: "t" }],
});
const stamp = (value: string): object => ({
  op: "add",
  path: "/metadata/annotations/carrel.dev~1pod-defaults-applied",
  value,
});

interface Given extends Partial<PodDefaultsOptions> {
  readonly podDefaults?: readonly PodDefault[];
}
const ask = (request: ReviewRequest, { podDefaults = [token], ...options }: Given = {}): Promise<unknown> =>
  responseTo(
    podDefaultsWebhook({
      podDefaultsIn: () => podDefaults,
      settings: { untouchedContainers: new Set(["mesh"]) },
      ...options,
    }),
    request,
  );

describe("pod-defaults.carrel.dev", () => {
  it("applies what selects the pod, and says on the pod what it was", async () => {
    assert.deepEqual(await ask(creation(selected)), changed(env(0), stamp("token=3")));
  });

  it("asks for the PodDefaults of the request's namespace, which the pod itself need not name", async () => {
    const asked: string[] = [];
    const podDefaultsIn = (namespace: string): readonly PodDefault[] => {
      asked.push(namespace);
      return [];
    };
    await ask(creation(selected), { podDefaultsIn });
    const { namespace: _, ...nowhere } = creation(selected);
    await ask(nowhere, { podDefaultsIn });
    assert.deepEqual(asked, ["lab", ""]);
  });

  it("applies them in the order in which it gets them", async () => {
    const other = podDefault("other", { selector, env: [{ name: "OTHER", value: "o" }] });
    const value = [
      { name: "OTHER", value: "o" },
      { name: "TOKEN", value: "t" },
    ];
    assert.deepEqual(
      await ask(creation(selected), { podDefaults: [other, token] }),
      changed({ op: "add", path: "/spec/containers/0/env", value }, stamp("other=3,token=3")),
    );
  });

  it("leaves the containers of its settings alone", async () => {
    const object = pod({ gpu: "yes" }, container("mesh"), container("main"));
    assert.deepEqual(await ask(creation(object)), changed(env(1), stamp("token=3")));
  });

  it("leaves pods alone that nothing selects, that are excluded, and requests without a pod", async () => {
    const annotations = { "poddefault.admission.kubeflow.org/exclude": "true" };
    const excluded = { ...selected, metadata: { name: "work", labels: { gpu: "yes" }, annotations } };
    for (const object of [pod({}), excluded, {}, null]) assert.deepEqual(await ask(creation(object)), unchanged());
    assert.deepEqual(await ask(creation(selected), { podDefaults: [] }), unchanged());
  });

  it("changes a pod once: called again, it has nothing to add", async () => {
    const main = container("main", { env: [{ name: "TOKEN", value: "t" }] });
    const annotations = { "carrel.dev/pod-defaults-applied": "token=3" };
    const object = { metadata: { name: "work", labels: { gpu: "yes" }, annotations }, spec: { containers: [main] } };
    assert.deepEqual(await ask(creation(object)), unchanged());
  });

  it("has no answer where the PodDefaults are not known, for any pod: nobody can tell whether one selects it", async () => {
    const unknown = new Error("the PodDefaults are not known yet: try again");
    for (const object of [selected, pod({})]) {
      await assert.rejects(ask(creation(object), { podDefaultsIn: () => undefined }), unknown);
    }
  });

  it("denies a pod in conflict, and applies nothing of what is in none", async () => {
    const object = pod({ gpu: "yes" }, container("main", { env: [{ name: "TOKEN", value: "own" }] }));
    const fine = podDefault("fine", { selector, labels: { fine: "yes" } });
    const message =
      'no PodDefault is applied because of a conflict: PodDefault "token" sets env "TOKEN" of container "main" to ' +
      '{"name":"TOKEN","value":"t"}, but the pod has {"name":"TOKEN","value":"own"}';
    assert.deepEqual(
      await ask(creation(object), { podDefaults: [fine, token] }),
      denied(message, { reason: "PodDefaultConflict", message }),
    );
  });
});
