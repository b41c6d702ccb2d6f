import assert from "node:assert/strict";
import fc from "fast-check";
import type { ReviewRequest, UnreadRequest } from "../../../services/admission/review.ts";
import { checkPodSize, readRequest, UnreadableReview } from "../../../services/admission/review-reader.ts";

const pod = { metadata: { name: "pod", labels: { a: "b" } }, spec: { containers: [{ name: "main" }] } };
const request = {
  uid: "1",
  operation: "UPDATE",
  resource: { group: "", version: "v1", resource: "pods" },
  subResource: "resize",
  namespace: "work",
  name: "pod",
  dryRun: false,
  userInfo: { username: "ada", groups: ["a"] },
  object: pod,
  oldObject: pod,
};
/** JSON's own types: what a test writes as undefined is absent. */
const asSent = (value: object): UnreadRequest => JSON.parse(JSON.stringify(value)) as UnreadRequest;
const wrong = (change: object): UnreadRequest => asSent({ ...request, ...change });
const withMetadata = (metadata: unknown): object => ({ object: { ...pod, metadata } });
const withSpec = (spec: unknown): object => ({ object: { ...pod, spec } });
const withContainer = (container: unknown): object => withSpec({ containers: [{ name: "main" }, container] });

describe("readRequest", () => {
  it("answers the very request, with what it does not read", () => {
    const sent = asSent(request);
    assert.equal(readRequest(sent), sent);
    assert.deepEqual(sent, request);
  });

  it("takes what the API leaves out", () => {
    const { uid, resource, object } = request;
    const sent = asSent({ uid, resource, operation: "CREATE", object, oldObject: null });
    assert.equal(readRequest(sent), sent);
    const deletion = asSent({ uid, resource, operation: "DELETE", object: null, oldObject: object });
    assert.equal(readRequest(deletion), deletion);
  });

  it("takes null for no labels and no annotations", () => {
    const read = readRequest(wrong(withMetadata({ name: "pod", labels: null, annotations: null })));
    assert.deepEqual(read.object, { ...pod, metadata: { name: "pod" } });
  });

  const unreadable: readonly (readonly [change: object, message: string])[] = [
    [{ operation: "PATCH" }, 'operation must be CREATE, UPDATE, DELETE or CONNECT, got "PATCH"'],
    [{ operation: undefined }, "operation must be CREATE, UPDATE, DELETE or CONNECT, got nothing"],
    [{ operation: ["CREATE"] }, "operation must be CREATE, UPDATE, DELETE or CONNECT, got a list"],
    [{ resource: undefined }, "resource must be an object, got nothing"],
    [{ resource: "pods" }, 'resource must be an object, got "pods"'],
    [{ resource: { group: "", version: "v1" } }, "resource.resource must be a text, got nothing"],
    [{ resource: { group: 1, version: "v1", resource: "pods" } }, "resource.group must be a text, got 1"],
    [{ resource: { group: "", version: null, resource: "pods" } }, "resource.version must be a text, got null"],
    [{ subResource: 1 }, "subResource must be a text, got 1"],
    [{ namespace: {} }, "namespace must be a text, got an object"],
    [{ name: [] }, "name must be a text, got a list"],
    [{ dryRun: "true" }, 'dryRun must be true or false, got "true"'],
    [{ userInfo: "ada" }, 'userInfo must be an object, got "ada"'],
    [{ userInfo: { username: ["ada"] } }, "userInfo.username must be a text, got a list"],
    [{ object: null }, "object must be an object, got null"],
    [{ object: undefined }, "object must be an object, got nothing"],
    [{ object: [pod] }, "object must be an object, got a list"],
    [{ object: "x".repeat(50) }, `object must be an object, got "${"x".repeat(40)}..."`],
    [{ oldObject: undefined }, "oldObject must be an object, got nothing"],
    [{ oldObject: 1 }, "oldObject must be an object, got 1"],
    [{ operation: "DELETE", object: true }, "object must be an object, got true"],
    [{ operation: "CREATE", oldObject: [] }, "oldObject must be an object, got a list"],
    [{ object: {} }, "object.metadata must be an object, got nothing"],
    [{ oldObject: { metadata: [] } }, "oldObject.metadata must be an object, got a list"],
    [withMetadata(null), "object.metadata must be an object, got null"],
    [withMetadata({ name: 1 }), "object.metadata.name must be a text, got 1"],
    [withMetadata({ namespace: {} }), "object.metadata.namespace must be a text, got an object"],
    [withMetadata({ uid: 1 }), "object.metadata.uid must be a text, got 1"],
    [withMetadata({ resourceVersion: 7 }), "object.metadata.resourceVersion must be a text, got 7"],
    [withMetadata({ labels: ["a"] }), "object.metadata.labels must be an object, got a list"],
    [withMetadata({ labels: "a=b" }), 'object.metadata.labels must be an object, got "a=b"'],
    [
      withMetadata({ labels: { "carrel.dev/group": 1 } }),
      'object.metadata.labels["carrel.dev/group"] must be a text, got 1',
    ],
    [withMetadata({ labels: { a: null } }), 'object.metadata.labels["a"] must be a text, got null'],
    [withMetadata({ annotations: { a: {} } }), 'object.metadata.annotations["a"] must be a text, got an object'],
  ];
  for (const [change, message] of unreadable) {
    it(`refuses what is no review: ${message}`, () => {
      const field = message.split(" must be")[0];
      const refused = { name: "UnreadableReview", field, message: `the review cannot be read: ${message}` };
      assert.throws(() => readRequest(wrong(change)), refused);
    });
  }

  it("sees a key named __proto__ as a label like any other", () => {
    const text = JSON.stringify(request).replace('"labels":{', '"labels":{"__proto__":{"x":1},');
    assert.throws(() => readRequest(JSON.parse(text) as UnreadRequest), {
      message: 'the review cannot be read: object.metadata.labels["__proto__"] must be a text, got an object',
    });
  });

  it("answers or says what is unreadable, whatever stands in a field", () => {
    const paths = [
      "operation",
      "resource",
      "userInfo",
      "object",
      "oldObject",
      "dryRun",
      "name",
      "namespace",
      "subResource",
    ];
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
        const sent = wrong({ [path]: value });
        try {
          assert.equal(readRequest(sent), sent);
          checkPodSize(readRequest(sent));
        } catch (error) {
          assert.ok(error instanceof UnreadableReview, String(error));
        }
      }),
    );
  });
});

describe("checkPodSize", () => {
  const check = (change: object): void => checkPodSize(wrong(change) as ReviewRequest);

  it("takes every form in which a container can state what it needs", () => {
    const containers = [
      { name: "a" },
      { name: "b", resources: null },
      { name: "c", resources: {}, restartPolicy: "Always" },
      { name: "d", resources: { limits: null, requests: { cpu: 1, memory: "1Gi" } } },
    ];
    check(withSpec({ containers, initContainers: null, overhead: null, resources: null }));
    check(withSpec({ containers: [], initContainers: containers, overhead: { cpu: "1" }, resources: { limits: {} } }));
  });

  it("takes ten thousand containers", () => {
    check(withSpec({ containers: Array.from({ length: 10_000 }, (_, i) => ({ name: `c${i}` })) }));
  });

  it("has nothing to say of other objects, and of none", () => {
    check({ resource: { group: "", version: "v1", resource: "nodes" }, object: { metadata: {} } });
    check({ operation: "DELETE", object: null });
  });

  const unreadable: readonly (readonly [change: object, message: string])[] = [
    [withSpec(undefined), "object.spec must be an object, got nothing"],
    [withSpec(null), "object.spec must be an object, got null"],
    [withSpec([]), "object.spec must be an object, got a list"],
    [withSpec({}), "object.spec.containers must be a list, got nothing"],
    [withSpec({ containers: null }), "object.spec.containers must be a list, got null"],
    [withSpec({ containers: { main: {} } }), "object.spec.containers must be a list, got an object"],
    [withSpec({ containers: [], initContainers: {} }), "object.spec.initContainers must be a list, got an object"],
    [withSpec({ containers: [], initContainers: [null] }), "object.spec.initContainers[0] must be an object, got null"],
    [withSpec({ containers: [], overhead: [] }), "object.spec.overhead must be an object, got a list"],
    [withSpec({ containers: [], resources: "1" }), 'object.spec.resources must be an object, got "1"'],
    [withContainer(null), "object.spec.containers[1] must be an object, got null"],
    [withContainer("main"), 'object.spec.containers[1] must be an object, got "main"'],
    [withContainer({}), "object.spec.containers[1].name must be a text, got nothing"],
    [
      withContainer({ name: "a", restartPolicy: true }),
      "object.spec.containers[1].restartPolicy must be a text, got true",
    ],
    [withContainer({ name: "a", resources: [] }), "object.spec.containers[1].resources must be an object, got a list"],
    [
      withContainer({ name: "a", resources: { limits: ["cpu"] } }),
      "object.spec.containers[1].resources.limits must be an object, got a list",
    ],
    [
      withContainer({ name: "a", resources: { requests: { cpu: null } } }),
      'object.spec.containers[1].resources.requests["cpu"] must be a quantity, got null',
    ],
    [
      withContainer({ name: "a", resources: { limits: { cpu: ["1"] } } }),
      'object.spec.containers[1].resources.limits["cpu"] must be a quantity, got a list',
    ],
  ];
  for (const [change, message] of unreadable) {
    it(`refuses what is no pod: ${message}`, () => {
      assert.throws(() => check(change), {
        name: "UnreadableReview",
        message: `the review cannot be read: ${message}`,
      });
    });
  }
});
