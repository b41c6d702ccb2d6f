import assert from "node:assert/strict";
import {
  compare,
  identityChanges,
  isImmutable,
  replacement,
} from "../../../../lab/engine/providers/kubernetes/comparison.ts";
import { UNKNOWN } from "../../../../lab/engine/values.ts";
import { KubeError } from "../../../../services/lib/kube/errors.ts";

const configMap = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "one", namespace: "here", labels: { a: "1" } },
  data: { a: "1", "b.c": "2" },
};
const service = { apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec: { ports: [{ port: 80 }] } };
const autonamed = { metadata: { name: "one-1234abcd", annotations: { "pulumi.com/autonamed": "true" } } };

function refusal(message: string, causes?: readonly { field: string; message: string }[], code = 422): KubeError {
  return new KubeError(code, { kind: "Status", message, details: { causes } }, "PATCH /x");
}
const immutable = (field: string) => ({ field, message: "Invalid value: {}: field is immutable" });

describe("identity of an object", () => {
  it("is its group, kind, namespace and name", () => {
    const next = { ...configMap, apiVersion: "other/v2", kind: "X", metadata: { name: "two", namespace: "there" } };
    assert.deepEqual(identityChanges(configMap, next), [
      { path: "group", kind: "update", old: "", new: "other", replaces: true },
      { path: "kind", kind: "update", old: "ConfigMap", new: "X", replaces: true },
      { path: "metadata.name", kind: "update", old: "one", new: "two", replaces: true },
      { path: "metadata.namespace", kind: "update", old: "here", new: "there", replaces: true },
    ]);
  });

  it("is not its version, its labels or its data", () => {
    const next = { ...service, apiVersion: "example.com/v2", metadata: { name: "web", labels: { a: "1" } }, spec: {} };
    assert.deepEqual(identityChanges({ ...service, apiVersion: "example.com/v1" }, next), []);
  });
});

describe("comparison with a dry run", () => {
  it("has nothing to say of what only the server changes", () => {
    const applied = {
      ...service,
      metadata: { name: "web", resourceVersion: "8", generation: 3, managedFields: [] },
      status: {},
    };
    assert.deepEqual(compare(service, service, applied, []), {
      changes: [],
      replace: false,
      deleteBeforeReplace: false,
    });
  });

  it("names each leaf that changes", () => {
    const applied = {
      ...service,
      metadata: { name: "web", labels: { a: "1" } },
      spec: { ports: [{ port: 81 }, { port: 82 }] },
    };
    assert.deepEqual(compare(service, service, applied, []), {
      changes: [
        { path: "metadata.labels", kind: "add", new: { a: "1" } },
        { path: "spec.ports[0].port", kind: "update", old: 80, new: 81 },
        { path: "spec.ports[1]", kind: "add", new: { port: 82 } },
      ],
      replace: false,
      deleteBeforeReplace: true,
    });
  });

  it("replaces what holds data where data change, and keeps a label in place", () => {
    const applied = { ...configMap, metadata: { name: "one", namespace: "here" }, data: { "b.c": "3" } };
    const changes = [
      { path: "data.a", kind: "delete", old: "1", replaces: true },
      { path: 'data["b.c"]', kind: "update", old: "2", new: "3", replaces: true },
      { path: "metadata.labels", kind: "delete", old: { a: "1" } },
    ] as const;
    assert.deepEqual(compare(configMap, configMap, applied, []), { changes, replace: true, deleteBeforeReplace: true });
    const named = { ...configMap, ...autonamed };
    assert.deepEqual(compare(named, configMap, applied, []), { changes, replace: true, deleteBeforeReplace: false });
  });

  it("shows what is not known yet as unknown", () => {
    const unknown = [
      ["data", "a"],
      ["data", "new"],
      ["spec", "ports", "0", "port"],
    ];
    const live = { ...configMap, spec: service.spec };
    assert.deepEqual(compare({ ...configMap, kind: "Other" }, live, live, unknown), {
      changes: [
        { path: "data.a", kind: "update", old: "1", new: UNKNOWN },
        { path: "data.new", kind: "add", new: UNKNOWN },
        { path: "spec.ports[0].port", kind: "update", old: 80, new: UNKNOWN },
      ],
      replace: false,
      deleteBeforeReplace: true,
    });
    assert.equal(compare(configMap, configMap, configMap, [["data", "a"]]).replace, true);
  });
});

describe("a refusal of the API server", () => {
  const texts = [
    "Invalid value: {}: field is immutable",
    "Forbidden: field is immutable when `immutable` is set",
    "Forbidden: spec is immutable after creation except resources.requests",
    'Invalid value: ["None"]: may not change once set',
    "Forbidden: may not be changed in an update.",
    "Forbidden: pod updates may not change fields other than `spec.containers[*].image`",
    "Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden",
    "Forbidden: updates to provisioner are forbidden.",
    "Invalid value: {}: cannot change roleRef",
  ];
  for (const message of texts) {
    it(`is for an immutable field: ${message}`, () => {
      assert.equal(isImmutable(refusal(message)), true);
      assert.equal(isImmutable(refusal("X is invalid", [{ field: "spec", message }])), true);
    });
  }

  it("is for another reason when any of its causes is, or its code", () => {
    const wrong = { field: "spec.replicas", message: "Invalid value: -1: must be greater than or equal to 0" };
    assert.equal(isImmutable(refusal("X is invalid", [immutable("spec.selector"), wrong])), false);
    assert.equal(isImmutable(refusal("field is immutable", undefined, 409)), false);
    assert.equal(isImmutable(refusal("X is invalid: spec: Required value")), false);
    assert.equal(isImmutable(new Error("field is immutable")), false);
  });

  const next = { ...service, metadata: { name: "web", labels: { b: "2" } }, spec: { ports: [{ port: 81 }] } };
  it("makes the fields that it names the reason of a replacement", () => {
    const error = refusal("X is invalid", [immutable("spec.ports[0]")]);
    assert.deepEqual(replacement(service, next, error), {
      changes: [
        { path: "metadata.labels", kind: "add", new: { b: "2" } },
        { path: "spec.ports[0].port", kind: "update", old: 80, new: 81, replaces: true },
      ],
      replace: true,
      deleteBeforeReplace: true,
    });
  });

  it("makes all of them the reason where it names none of what changes", () => {
    const all = [
      { path: "metadata.annotations", kind: "add", new: autonamed.metadata.annotations, replaces: true },
      { path: "metadata.name", kind: "update", old: "web", new: "one-1234abcd", replaces: true },
    ];
    for (const error of [refusal("X is invalid", [immutable("spec.other")]), refusal("field is immutable")]) {
      assert.deepEqual(replacement(service, { ...service, ...autonamed }, error), {
        changes: all,
        replace: true,
        deleteBeforeReplace: false,
      });
    }
  });
});
