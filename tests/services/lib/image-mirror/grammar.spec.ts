import assert from "node:assert/strict";
import {
  isReachableRegistry,
  isRegistry,
  isRegistryPart,
  isRepository,
  normalRegistry,
  normalRepository,
  shown,
} from "../../../../services/lib/image-mirror/grammar.ts";

describe("shown", () => {
  it("is JSON, cut after 100 characters", () => {
    assert.equal(shown('a"b'), '"a\\"b"');
    assert.equal(shown("x".repeat(100)), `"${"x".repeat(100)}"`);
    assert.equal(shown("x".repeat(101)), `"${"x".repeat(100)}"...`);
    assert.equal(shown({ a: [1] }), '{"a":[1]}');
    assert.equal(shown(["x".repeat(200)]), `["${"x".repeat(98)}...`);
    assert.equal(shown(undefined), "undefined");
  });

  it("has no character that breaks a line or hides", () => {
    assert.equal(shown("a\nb\u0085c\u2028d\u202ee\ufefff"), '"a\\nb\\u0085c\\u2028d\\u202ee\\ufefff"');
    assert.equal(shown("\u{e0001}"), '"\\ue0001"');
  });
});

describe("registries", () => {
  it("are told from repositories by a dot, a colon, a capital, or by being localhost", () => {
    const parts = ["a.b", "a:1", "A", "localhost", "a", "", "local"];
    assert.deepEqual(parts.map(isRegistryPart), [true, true, true, true, false, false, false]);
  });

  it("are in lower case where that does not make them something else", () => {
    const given = ["A.b", "Index.Docker.io", "docker.io", "LOCALHOST", "Team", "[::A]:5000"];
    const normal = ["a.b", "docker.io", "docker.io", "localhost", "Team", "[::a]:5000"];
    assert.deepEqual(given.map(normalRegistry), normal);
  });

  const cases: readonly (readonly [string, taken: boolean, reachable: boolean])[] = [
    ["a.b", true, true],
    ["a.b:1", true, true],
    ["a.b:65535", true, true],
    ["a.b:65536", true, false],
    ["a.b:0", true, false],
    ["a.b:", false, false],
    ["[::1]:5000", true, true],
    ["[:::]", true, false],
    ["[1.2.3.4]", false, false],
    ["a_b.c", true, false],
    ["a_b.c:1", false, false],
    ["-a.b", false, false],
    ["", false, false],
    [`${"a".repeat(257)}.b`, true, true],
    [`${"a".repeat(258)}.b`, false, false],
  ];
  for (const [registry, taken, reachable] of cases) {
    it(`${JSON.stringify(registry.slice(0, 20))} is ${taken ? "" : "not "}taken, ${reachable ? "" : "not "}reachable`, () => {
      assert.deepEqual([isRegistry(registry), isReachableRegistry(registry)], [taken, reachable]);
    });
  }
});

describe("repositories", () => {
  it("are components with slashes between them, of at most 255 characters", () => {
    const right = ["a", "a/b", "a.b_c__d---e/0", "a".repeat(255)];
    const wrong = ["", "/", "a/", "/a", "A", "a..b", "a___b", "a-/b", "a".repeat(256)];
    assert.deepEqual(
      right.filter((name) => !isRepository(name)),
      [],
    );
    assert.deepEqual(wrong.filter(isRepository), []);
  });

  it("of one component are official ones on Docker Hub, and only there", () => {
    assert.equal(normalRepository("docker.io", "nginx"), "library/nginx");
    assert.equal(normalRepository("docker.io", "team/nginx"), "team/nginx");
    assert.equal(normalRepository("a.b", "nginx"), "nginx");
  });
});
