import assert from "node:assert/strict";
import {
  annotationsOf,
  comparable,
  foreseen,
  idOf,
  isManagedBy,
  kindOf,
  nameOf,
  problemsOf,
  refuseUnsupported,
  stripped,
  withKnown,
  withoutNulls,
  withTextsAsData,
} from "../../../../lab/engine/providers/kubernetes/object.ts";
import { UNKNOWN } from "../../../../lab/engine/values.ts";
import { UserError } from "../../../../services/lib/user-error.ts";

const live = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: {
    name: "one",
    namespace: "here",
    uid: "u",
    resourceVersion: "7",
    generation: 2,
    creationTimestamp: "2026-01-01T00:00:00Z",
    selfLink: "/x",
    labels: { a: "1" },
    managedFields: [{ manager: "ours", operation: "Apply" }],
  },
  data: { a: "1" },
  status: { phase: "Active" },
};

describe("types of the kubernetes provider", () => {
  const supported = [
    "kubernetes:core/v1:ConfigMap",
    "kubernetes:apps/v1:Deployment",
    "kubernetes:rbac.authorization.k8s.io/v1:Role",
    "kubernetes:example.com/v1:WaitList",
    "kubernetes:example.com/v1:Patch",
    "kubernetes:helm.example.com/v1:Release",
    "kubernetes:core/v1:Listing",
  ];
  for (const type of supported) {
    it(`takes ${type}`, () => {
      refuseUnsupported(type);
    });
  }

  const unsupported = [
    "kubernetes:yaml:ConfigFile",
    "kubernetes:yaml/v2:ConfigGroup",
    "kubernetes:helm.sh/v3:Release",
    "kubernetes:helm.sh/v4:Chart",
    "kubernetes:kustomize/v2:Directory",
    "kubernetes:index:Provider",
    "kubernetes:core/v1:ConfigMapPatch",
    "kubernetes:apps/v1:DeploymentList",
    "kubernetes:rbac.authorization.k8s.io/v1:RolePatch",
    "kubernetes:networking.k8s.io/v1:IngressList",
  ];
  for (const type of unsupported) {
    it(`refuses ${type}`, () => {
      const message = `the lab's engine does not support ${type}: declare the objects one by one, or use Pulumi's CLI (ENGINE=pulumi)`;
      assert.throws(() => refuseUnsupported(type), new UserError("type-unsupported", message));
    });
  }

  it("stand for an API version and a kind", () => {
    assert.deepEqual(
      ["core/v1:Pod", "apps/v1:Deployment", "example.com/v1beta1:WaitList"].map((type) => kindOf(`kubernetes:${type}`)),
      [
        { apiVersion: "v1", kind: "Pod" },
        { apiVersion: "apps/v1", kind: "Deployment" },
        { apiVersion: "example.com/v1beta1", kind: "WaitList" },
      ],
    );
  });
});

describe("objects of the kubernetes provider", () => {
  it("have an id, a name and annotations, or nothing in their place", () => {
    assert.deepEqual([idOf(live), nameOf(live), annotationsOf(live)], ["here/one", "one", {}]);
    assert.equal(idOf({ metadata: { name: "alone" } }), "alone");
    assert.deepEqual(
      [nameOf({}), nameOf({ metadata: "x" }), annotationsOf({ metadata: { annotations: "x" } })],
      ["", "", {}],
    );
    assert.deepEqual(annotationsOf({ metadata: { annotations: { a: "1" } } }), { a: "1" });
  });

  it("are stored without their managers, and compared without what the server keeps", () => {
    const { managedFields: _fields, ...metadata } = live.metadata;
    assert.deepEqual(stripped(live), { ...live, metadata });
    assert.deepEqual(comparable(live), {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "one", namespace: "here", labels: { a: "1" } },
      data: { a: "1" },
    });
    assert.deepEqual(comparable({ data: 1 }), { data: 1, metadata: {} });
  });

  it("are managed by whom their fields name", () => {
    assert.deepEqual(
      [isManagedBy(live, "ours"), isManagedBy(live, "theirs"), isManagedBy({ metadata: {} }, "ours")],
      [true, false, false],
    );
  });

  it("are told all that is wrong with them", () => {
    const fine = { apiVersion: "v1", kind: "Pod", metadata: { annotations: { "pulumi.com/skipAwait": "true" } } };
    assert.deepEqual(problemsOf(fine), []);
    const annotations = { "pulumi.com/waitFor": "x", "pulumi.com/replaceUnready": "true" };
    assert.deepEqual(problemsOf({ kind: 3, metadata: { annotations, generateName: "x-" } }), [
      { property: 'metadata.annotations["pulumi.com/waitFor"]', reason: "is not supported by the lab's engine" },
      { property: 'metadata.annotations["pulumi.com/replaceUnready"]', reason: "is not supported by the lab's engine" },
      { property: "metadata.generateName", reason: "is not supported by the lab's engine: leave the name out" },
      { property: "apiVersion", reason: "has to be a text" },
      { property: "kind", reason: "has to be a text" },
    ]);
  });

  it("are applied without nulls, at any depth and in lists", () => {
    const inputs = { a: null, b: { c: null, d: { e: null, f: 0 } }, list: [{ g: null, h: "" }, null], kept: false };
    assert.deepEqual(withoutNulls(inputs), { b: { d: { f: 0 } }, list: [{ h: "" }, null], kept: false });
  });

  it("are foreseen with what the server fills in as unknown", () => {
    const filledIn = { uid: UNKNOWN, resourceVersion: UNKNOWN, creationTimestamp: UNKNOWN, generation: UNKNOWN };
    const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "one" }, data: { a: "1" } };
    assert.deepEqual(foreseen(configMap), { ...configMap, metadata: { name: "one", ...filledIn }, status: UNKNOWN });
    const service = { apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec: { clusterIP: "None" } };
    assert.deepEqual(foreseen(service), {
      ...service,
      metadata: { name: "web", ...filledIn },
      spec: { clusterIP: "None", clusterIPs: UNKNOWN },
      status: UNKNOWN,
    });
  });
});

describe("texts of a Secret", () => {
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "keys" }, type: "Opaque" };

  it("are data like the other data, and win over them", () => {
    const inputs = { ...secret, data: { a: "YQ==", b: "Yg==" }, stringData: { b: "ß", c: UNKNOWN, d: 3 } };
    assert.deepEqual(withTextsAsData(inputs), { ...secret, data: { a: "YQ==", b: "w58=", c: UNKNOWN, d: 3 } });
    assert.deepEqual(withTextsAsData({ ...secret, stringData: { a: "a" } }), { ...secret, data: { a: "YQ==" } });
  });

  it("that are not known make the data unknown", () => {
    assert.deepEqual(withTextsAsData({ ...secret, stringData: UNKNOWN }), { ...secret, data: UNKNOWN });
    assert.deepEqual(withTextsAsData({ ...secret, data: UNKNOWN, stringData: { a: "a" } }), {
      ...secret,
      data: UNKNOWN,
    });
  });

  it("are those of a Secret alone", () => {
    const others = [
      { ...secret, data: { a: "YQ==" } },
      { ...secret, kind: "Other", stringData: { a: "a" } },
    ];
    assert.deepEqual(others.map(withTextsAsData), others);
  });
});

describe("what is not known yet", () => {
  it("is taken from the live object, and its places are told", () => {
    const inputs = {
      a: UNKNOWN,
      b: { c: UNKNOWN, d: "kept" },
      list: ["x", UNKNOWN],
      fresh: { e: UNKNOWN },
      same: { f: 1 },
    };
    const there = { a: "live", b: { c: { deep: true }, other: 1 }, list: ["old", "live"], same: { f: 2 } };
    assert.deepEqual(withKnown(inputs, there), {
      value: { a: "live", b: { c: { deep: true }, d: "kept" }, list: ["x", "live"], fresh: {}, same: { f: 1 } },
      unknown: [["a"], ["b", "c"], ["list", "1"], ["fresh", "e"]],
    });
  });

  it("is nothing where there is nothing, and known inputs are left alone", () => {
    assert.deepEqual(withKnown(UNKNOWN, undefined), { value: undefined, unknown: [[]] });
    const inputs = { a: [1, { b: null }] };
    const { value, unknown } = withKnown(inputs, { a: 2 });
    assert.deepEqual([value === inputs, unknown], [true, []]);
  });
});
