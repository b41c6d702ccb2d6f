import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Controller,
  controllerOf,
  countsItself,
  eventName,
  microTime,
  refusalEvent,
} from "../../../../services/admission/events/refusal-event.ts";

const notebook = { apiVersion: "carrel.dev/v1", kind: "Notebook", name: "lab", uid: "owner-uid", controller: true };
const { controller: _, ...reference } = notebook;
const controller: Controller = { ...reference, namespace: "work" };
const review = (ownerReferences: unknown, more: object = {}) => ({
  operation: "CREATE",
  namespace: "work",
  object: { metadata: { ownerReferences } },
  ...more,
});
const denied = { reason: "QuotaExceeded", message: "quota exceeded: ..." } as const;
const NOW = Date.parse("2026-01-02T03:04:05.678Z");

describe("controllerOf", () => {
  it("is the owner that controls the pod, in the pod's namespace", () => {
    const other = { ...notebook, name: "other", controller: false };
    assert.deepEqual(controllerOf(review([other, notebook])), controller);
    const { namespace: _namespace, ...bare } = review([notebook]);
    const inPod = { ...bare, object: { metadata: { namespace: "of-pod", ownerReferences: [notebook] } } };
    assert.deepEqual(controllerOf(inPod), { ...controller, namespace: "of-pod" });
  });

  const nobody: Readonly<Record<string, unknown>> = {
    "no owners": undefined,
    "an empty list": [],
    "owners that do not control it": [{ ...notebook, controller: false }, reference],
    "a node, which shows its own pods": [{ ...notebook, apiVersion: "v1", kind: "Node" }],
    "no list": { 0: notebook },
    "nothing in the list": [null, 5],
    "no name": [{ ...notebook, name: undefined }],
    "a uid that is no text": [{ ...notebook, uid: 7 }],
    "no kind": [{ ...notebook, kind: undefined }],
    "no version": [{ ...notebook, apiVersion: null }],
  };
  for (const [what, references] of Object.entries(nobody)) {
    it(`is nobody for ${what}`, () => assert.equal(controllerOf(review(references)), undefined));
  }

  it("is nobody without a pod or a namespace", () => {
    assert.equal(controllerOf({ operation: "CREATE", namespace: "work", object: null }), undefined);
    assert.equal(controllerOf({}), undefined);
    assert.equal(controllerOf({ object: { metadata: { ownerReferences: [notebook] } } }), undefined);
  });
});

describe("countsItself", () => {
  it("is true of Kubernetes' own controllers, and of no other", () => {
    const says = (apiVersion: string): boolean => countsItself({ ...controller, apiVersion });
    assert.deepEqual(["apps/v1", "batch/v1", "v1"].map(says), [true, true, true]);
    const others = ["carrel.dev/v1", "kubeflow.org/v1", "batch.volcano.sh/v1alpha1", "apps.kruise.io/v1", "v1beta1"];
    assert.deepEqual(others.map(says), [false, false, false, false, false]);
  });
});

describe("refusalEvent", () => {
  const at = { nowMs: NOW, instance: "admission-7-x" };

  it("is a warning about the controller, with the refusal as it was told", () => {
    assert.deepEqual(refusalEvent("admission.1", controller, denied, at), {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name: "admission.1", namespace: "work" },
      type: "Warning",
      reason: "QuotaExceeded",
      action: "CreatePod",
      note: "quota exceeded: ...",
      eventTime: "2026-01-02T03:04:05.678000Z",
      regarding: controller,
      reportingController: "carrel.dev/admission",
      reportingInstance: "admission-7-x",
    });
  });

  it("cuts what the API server would not take, between characters", () => {
    const noteOf = (message: string): string => refusalEvent("e", controller, { ...denied, message }, at).note;
    assert.equal(noteOf("a".repeat(1024)), "a".repeat(1024));
    assert.equal(noteOf("a".repeat(1025)), `${"a".repeat(1021)}…`);
    assert.equal(noteOf("é".repeat(600)), `${"é".repeat(510)}…`);
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 400, maxLength: 1200, size: "max" }), (message) => {
        const note = noteOf(message);
        assert.ok(Buffer.byteLength(note) <= 1024);
        assert.ok(note === message || (note.endsWith("…") && message.startsWith(note.slice(0, -1))));
      }),
    );
    assert.equal(refusalEvent("e", controller, denied, { ...at, instance: "" }).reportingInstance, "admission");
    assert.equal(
      Buffer.byteLength(refusalEvent("e", controller, denied, { ...at, instance: "x".repeat(200) }).reportingInstance),
      128,
    );
  });
});

describe("eventName", () => {
  it("is the same object name for the same refusal in the same window", () => {
    const name = eventName(controller, denied, 1);
    assert.match(name, /^admission\.[0-9a-f]{24}$/);
    assert.equal(eventName({ ...controller }, { ...denied }, 1), name);
    const others = [
      eventName({ ...controller, uid: "another" }, denied, 1),
      eventName({ ...controller, name: "another" }, denied, 1),
      eventName(controller, { ...denied, reason: "GroupUnknown" }, 1),
      eventName(controller, { ...denied, message: "other" }, 1),
      eventName(controller, denied, 2),
    ];
    assert.equal(new Set([name, ...others]).size, 6);
  });
});

describe("microTime", () => {
  it("has microseconds", () => assert.equal(microTime(0), "1970-01-01T00:00:00.000000Z"));
});
