import assert from "node:assert/strict";
import fc from "fast-check";
import { mergePodTemplates } from "../../../../services/lib/pod-defaults/strategic-merge.ts";
import type { JsonObject } from "../../../../services/lib/pod-defaults/types.ts";

const spec = (fields: object): JsonObject => ({ spec: fields });

describe("mergePodTemplates", () => {
  const cases: readonly (readonly [string, object, object, object])[] = [
    [
      "containers by name, and appends new ones",
      { containers: [{ name: "main", image: "a" }, { name: "b" }] },
      { containers: [{ name: "c" }, { name: "main", workingDir: "/w" }] },
      { containers: [{ name: "main", image: "a", workingDir: "/w" }, { name: "b" }, { name: "c" }] },
    ],
    [
      "variables by name, of which a new source takes the value's place",
      {
        containers: [
          {
            name: "m",
            env: [
              { name: "A", value: "1" },
              { name: "B", value: "1" },
            ],
          },
        ],
      },
      {
        containers: [
          {
            name: "m",
            env: [
              { name: "A", valueFrom: { fieldRef: {} } },
              { name: "B", value: "2" },
            ],
          },
        ],
      },
      {
        containers: [
          {
            name: "m",
            env: [
              { name: "A", valueFrom: { fieldRef: {} } },
              { name: "B", value: "2" },
            ],
          },
        ],
      },
    ],
    [
      "volumes by name, of which a new source takes the old one's place",
      {
        volumes: [
          { name: "v", emptyDir: {} },
          { name: "w", secret: { secretName: "s", optional: true } },
        ],
      },
      {
        volumes: [
          { name: "v", nfs: { path: "/" } },
          { name: "w", secret: { secretName: "t" } },
        ],
      },
      {
        volumes: [
          { name: "v", nfs: { path: "/" } },
          { name: "w", secret: { secretName: "t", optional: true } },
        ],
      },
    ],
    [
      "mounts by path",
      { containers: [{ name: "m", volumeMounts: [{ name: "v", mountPath: "/a" }] }] },
      {
        containers: [
          {
            name: "m",
            volumeMounts: [
              { name: "w", mountPath: "/a" },
              { name: "v", mountPath: "/b" },
            ],
          },
        ],
      },
      {
        containers: [
          {
            name: "m",
            volumeMounts: [
              { name: "w", mountPath: "/a" },
              { name: "v", mountPath: "/b" },
            ],
          },
        ],
      },
    ],
    [
      "ports by number and pull secrets by name",
      { containers: [{ name: "m", ports: [{ containerPort: 80 }] }], imagePullSecrets: [{ name: "x" }] },
      { containers: [{ name: "m", ports: [{ containerPort: 80, name: "web" }] }], imagePullSecrets: [{ name: "y" }] },
      {
        containers: [{ name: "m", ports: [{ containerPort: 80, name: "web" }] }],
        imagePullSecrets: [{ name: "x" }, { name: "y" }],
      },
    ],
    [
      "lists without a key by replacing them",
      { tolerations: [{ key: "a" }], containers: [{ name: "m", args: ["a"] }] },
      { tolerations: [{ key: "b" }], containers: [{ name: "m", args: ["b"] }] },
      { tolerations: [{ key: "b" }], containers: [{ name: "m", args: ["b"] }] },
    ],
    [
      "maps by key, and null removes",
      { nodeSelector: { a: "1", b: "1" } },
      { nodeSelector: { b: null, c: "1" } },
      { nodeSelector: { a: "1", c: "1" } },
    ],
    [
      "with $patch: delete for an element",
      { containers: [{ name: "m" }, { name: "n" }] },
      {
        containers: [
          { name: "n", $patch: "delete" },
          { name: "absent", $patch: "delete" },
        ],
      },
      { containers: [{ name: "m" }] },
    ],
    [
      "with $patch: replace for a list, an element and a map",
      { volumes: [{ name: "a" }], containers: [{ name: "m", image: "a" }], nodeSelector: { a: "1" } },
      {
        volumes: [{ name: "b" }, { $patch: "replace" }],
        containers: [{ name: "m", $patch: "replace", image: "b" }],
        nodeSelector: { $patch: "replace", b: "1" },
      },
      { volumes: [{ name: "b" }], containers: [{ name: "m", image: "b" }], nodeSelector: { b: "1" } },
    ],
    [
      "with $patch: delete for a map, and no directive left over",
      { nodeSelector: { a: "1" } },
      { nodeSelector: { $patch: "delete" }, affinity: { $patch: "merge" } },
      { nodeSelector: {}, affinity: {} },
    ],
    [
      "into what is not there",
      {},
      { containers: [{ name: "m", env: [{ name: "A" }], image: null }] },
      { containers: [{ name: "m", env: [{ name: "A" }] }] },
    ],
  ];
  for (const [name, template, patch, expected] of cases) {
    it(`merges ${name}`, () => assert.deepEqual(mergePodTemplates(spec(template), [spec(patch)]), spec(expected)));
  }

  it("merges in the given order, the last wins", () => {
    const labelled = (value: string): JsonObject => ({ metadata: { labels: { a: value, [value]: "" } } });
    assert.deepEqual(mergePodTemplates(labelled("x"), [labelled("y"), labelled("z")]), {
      metadata: { labels: { a: "z", x: "", y: "", z: "" } },
    });
  });

  const text = fc.constantFrom("x", "y");
  const env = fc.uniqueArray(fc.record({ name: fc.constantFrom("A", "B"), value: text }), {
    selector: ({ name }) => name,
  });
  const containers = fc.uniqueArray(fc.record({ name: fc.constantFrom("m", "n", "o"), image: text, env }), {
    selector: ({ name }) => name,
  });
  const template = fc.record({
    metadata: fc.record({ labels: fc.dictionary(text, text) }),
    spec: fc.record({ containers }),
  });

  it("changes nothing that it was given, and nothing when it is done again", () => {
    fc.assert(
      fc.property(template, template, (base, patch) => {
        const before = JSON.stringify([base, patch]);
        const once = mergePodTemplates(base, [patch]);
        assert.equal(JSON.stringify([base, patch]), before);
        assert.deepEqual(mergePodTemplates(once, [patch]), once);
        assert.deepEqual(mergePodTemplates(base, []), base);
      }),
    );
  });

  it("has every element of both, each as the patch says where both have it", () => {
    fc.assert(
      fc.property(template, template, (base, patch) => {
        const merged = mergePodTemplates(base, [patch]) as typeof base;
        const images = (list: typeof base.spec.containers) => list.map(({ name, image }) => [name, image] as const);
        assert.deepEqual(
          new Map(images(merged.spec.containers)),
          new Map([...images(base.spec.containers), ...images(patch.spec.containers)]),
        );
      }),
    );
  });
});
