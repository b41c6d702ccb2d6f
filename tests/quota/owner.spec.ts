import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { isDenial, ownerChange, ownerOf, slug, unescapePrimehub } from "../../quota/owner.ts";

const LABEL_VALUE = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const OBJECT_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const hash = (name: string): string => createHash("sha256").update(name).digest("hex").slice(0, 8);

const ordinary = fc.string({ unit: fc.constantFrom(..."abzXYZ019-._@ /éß"), maxLength: 90, size: "max" });
const names = fc.oneof(fc.string({ maxLength: 200 }), fc.string({ unit: "grapheme" }), ordinary);

/** The form that PrimeHub writes, made from the bytes of a name. */
const escaped = (name: string): string =>
  `escaped-${[...Buffer.from(name)]
    .map((byte) =>
      /[a-z0-9]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `-${byte.toString(16).padStart(2, "0")}`,
    )
    .join("")}`;

describe("slug", () => {
  it("leaves a safe name as it is, and cleans and tells apart every other", () => {
    const expected: Readonly<Record<string, string>> = {
      physics: "physics",
      "ada.l-2": "ada.l-2",
      "0": "0",
      Ada: `ada-${hash("Ada")}`,
      "ada@example.com": `ada-example-com-${hash("ada@example.com")}`,
      "-ada-": `ada-${hash("-ada-")}`,
      "a..b": `a-b-${hash("a..b")}`,
      "": `x-${hash("")}`,
      日本: `x-${hash("日本")}`,
    };
    for (const [name, label] of Object.entries(expected)) assert.equal(slug(name), label);
  });

  it("cuts a long name to 63 characters, with no dash before its hash but one", () => {
    const long = "a".repeat(64);
    assert.equal(slug(long), `${"a".repeat(54)}-${hash(long)}`);
    const cut = `${"a".repeat(53)}-${"b".repeat(20)}`;
    assert.equal(slug(cut), `${"a".repeat(53)}-${hash(cut)}`);
    assert.equal(slug("a".repeat(63)), "a".repeat(63));
  });

  it("is a label value and an object name of at most 63 characters, for any name", () => {
    fc.assert(
      fc.property(names, (name) => {
        const label = slug(name);
        assert.ok(label.length >= 1 && label.length <= 63, label);
        assert.match(label, LABEL_VALUE);
        assert.match(label, OBJECT_NAME);
      }),
      { numRuns: 2000 },
    );
  });

  it("is idempotent, and tells different names apart", () => {
    fc.assert(
      fc.property(names, names, (a, b) => {
        assert.equal(slug(slug(a)), slug(a));
        if (a !== b) assert.notEqual(slug(a), slug(b));
      }),
      { numRuns: 2000 },
    );
    const many = Array.from({ length: 5000 }, (_, i) => `User ${i}`);
    assert.equal(new Set(many.map(slug)).size, many.length);
  });

  it("tells names apart that clean to the same", () => {
    const alike = ["Ada", "ADA", "ada ", " ada", "ada!", "ada?", "_ada", "ada"];
    assert.equal(new Set(alike.map(slug)).size, alike.length);
  });
});

describe("unescapePrimehub", () => {
  it("reads what PrimeHub escapes, whatever the name", () => {
    assert.equal(unescapePrimehub("escaped-ada-40example-2ecom"), "ada@example.com");
    assert.equal(unescapePrimehub("escaped--e6-97-a5"), "日");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (name) => unescapePrimehub(escaped(name)) === name),
    );
    assert.equal(unescapePrimehub(escaped("\ufeffada")), "\ufeffada", "a mark of byte order is part of the name");
  });

  it("answers nothing for any other text", () => {
    for (const label of [
      "",
      "ada",
      "escaped-",
      "escaped-a-4",
      "escaped-a-4G",
      "escaped-A",
      "escaped-a_b",
      "x-escaped-a",
      "escaped--ff",
      "escaped--c3a",
    ]) {
      assert.equal(unescapePrimehub(label), undefined, label);
    }
  });
});

describe("ownerOf", () => {
  const conflict = (field: string, message: string): object => ({
    reason: "OwnerConflict",
    message,
    causes: [{ reason: "OwnerConflict", message, field }],
  });

  it("reads either family of labels, or both where they agree", () => {
    const group = { "carrel.dev/group": "physics" };
    assert.deepEqual(ownerOf({ labels: group }), { group: "physics", user: undefined });
    assert.deepEqual(ownerOf({ labels: { ...group, "carrel.dev/user": "ada" } }), { group: "physics", user: "ada" });
    const theirs = { "primehub.io/group": "escaped-physics", "primehub.io/user": "escaped--41da" };
    assert.deepEqual(ownerOf({ labels: theirs }), { group: "physics", user: slug("Ada") });
    assert.deepEqual(ownerOf({ labels: { ...group, ...theirs } }), { group: "physics", user: slug("Ada") });
  });

  it("is nobody without a group, also with a user", () => {
    assert.equal(ownerOf({}), undefined);
    assert.equal(ownerOf({ labels: { "carrel.dev/user": "ada", app: "x" } }), undefined);
  });

  it("refuses labels that disagree", () => {
    const labels = { "carrel.dev/group": "physics", "primehub.io/group": "escaped-chemistry" };
    const message = 'labels carrel.dev/group="physics" and primehub.io/group="escaped-chemistry" disagree: remove one';
    assert.deepEqual(ownerOf({ labels }), conflict("carrel.dev/group", message));
  });

  it("refuses PrimeHub's label in another form", () => {
    const message = `label primehub.io/user="Ada" is not in PrimeHub's escaped form: use carrel.dev/user`;
    const labels = { "carrel.dev/group": "physics", "primehub.io/user": "Ada" };
    assert.deepEqual(ownerOf({ labels }), conflict("primehub.io/user", message));
  });

  for (const name of ["", "Physics", "a_b", "-a", "a.", "a..b", "a".repeat(64), "a\n"]) {
    it(`refuses the malformed label ${JSON.stringify(name)}`, () => {
      const message = `label carrel.dev/group="${name}" is malformed: lower-case letters, digits, dashes and dots`;
      assert.deepEqual(ownerOf({ labels: { "carrel.dev/group": name } }), conflict("carrel.dev/group", message));
    });
  }

  it("answers an owner of label-safe names, a refusal or nobody, for any labels", () => {
    const keys = fc.constantFrom("carrel.dev/group", "carrel.dev/user", "primehub.io/group", "primehub.io/user");
    const values = fc.oneof(names, names.map(slug), names.map(escaped));
    fc.assert(
      fc.property(fc.dictionary(keys, values), (labels) => {
        const owner = ownerOf({ labels });
        if (owner === undefined || isDenial(owner)) return;
        for (const name of [owner.group, owner.user ?? "x"]) assert.equal(slug(name), name);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("isDenial", () => {
  it("tells a refusal from an owner and from nobody", () => {
    assert.equal(isDenial({ group: "physics", user: undefined }), false);
    assert.equal(isDenial(undefined), false);
    assert.equal(isDenial({ reason: "OwnerConflict", message: "", causes: [] }), true);
  });
});

describe("ownerChange", () => {
  const labels = { "carrel.dev/group": "physics", "primehub.io/user": "escaped-ada", app: "x" };
  const annotations = { "carrel.dev/group-name": "Physics", "carrel.dev/user-name": "Ada", note: "x" };
  const changed = (key: string): object => {
    const message = `${key} cannot be changed: make a new pod for another group or member`;
    return { reason: "OwnerChanged", message, causes: [{ reason: "OwnerChanged", message, field: key }] };
  };

  it("allows what does not say who a pod belongs to", () => {
    const next = { labels: { ...labels, app: "y" }, annotations: { ...annotations, note: "y" } };
    assert.equal(ownerChange({ labels, annotations }, next), undefined);
    assert.equal(ownerChange({}, {}), undefined);
    assert.equal(ownerChange({}, { labels: { app: "y" }, annotations: { note: "y" } }), undefined);
  });

  it("refuses to change, add or remove each label and annotation that does", () => {
    for (const key of ["carrel.dev/group", "carrel.dev/user", "primehub.io/group", "primehub.io/user"]) {
      assert.deepEqual(ownerChange({ labels }, { labels: { ...labels, [key]: "other" } }), changed(key));
    }
    for (const key of ["carrel.dev/group-name", "carrel.dev/user-name"]) {
      const next = { labels, annotations: { ...annotations, [key]: "other" } };
      assert.deepEqual(ownerChange({ labels, annotations }, next), changed(key));
    }
    assert.deepEqual(ownerChange({ labels }, {}), changed("carrel.dev/group"));
    assert.deepEqual(ownerChange({}, { annotations }), changed("carrel.dev/group-name"));
  });
});
