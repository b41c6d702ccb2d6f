import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatReference,
  formatVersion,
  ImageReferenceError,
  parseReference,
} from "../../../../services/lib/image-mirror/reference.ts";
import { reference } from "./arbitraries.ts";
import { invalid } from "./invalid-references.ts";
import { sha256, valid } from "./reference-cases.ts";

const brief = (image: string): string => JSON.stringify(image.length > 60 ? `${image.slice(0, 60)}...` : image);
/** How messages show an image: on one line, cut after 100 characters. */
const quoted = (image: string): string =>
  image.length > 100 ? `${JSON.stringify(image.slice(0, 100))}...` : JSON.stringify(image);

const fails = (fault: string, message?: string) => (error: unknown) => {
  assert.ok(error instanceof ImageReferenceError);
  assert.equal(error.name, "ImageReferenceError");
  assert.equal(error.fault, fault);
  if (message !== undefined) assert.equal(error.message, message);
  return true;
};

describe("parseReference", () => {
  for (const [image, registry, repository, version = {}] of valid) {
    it(`reads ${brief(image)}`, () => {
      const expected = { registry, repository, tag: version.tag, digest: version.digest };
      assert.deepEqual(parseReference(image), expected);
      assert.deepEqual(parseReference(formatReference(expected)), expected);
    });
  }

  for (const [image, fault, wrong] of invalid) {
    it(`refuses ${brief(image)}`, () => {
      assert.throws(() => parseReference(image), fails(fault, `image ${quoted(image)} ${wrong}`));
    });
  }

  it("refuses what is longer than a tag or a registry may be", () => {
    assert.throws(() => parseReference(`nginx:${"t".repeat(129)}`), fails("tag"));
    assert.throws(() => parseReference(`${"h".repeat(258)}.x/app`), fails("registry"));
  });

  it("shows one line, however long and whatever is in the image", () => {
    for (const image of ["a\nb", "\u0000", "\ud800", `${"x".repeat(1e6)}!`, `nginx:${"\u0007".repeat(1000)}`]) {
      assert.throws(
        () => parseReference(image),
        (error: Error) => error.message.length < 1500 && !/[\p{Cc}\p{Cs}]/u.test(error.message),
      );
    }
  });

  it("reads what formatReference writes", () => {
    fc.assert(
      fc.property(reference, (it) => assert.deepEqual(parseReference(formatReference(it)), it)),
      { numRuns: 2000 },
    );
  });
});

describe("formatVersion", () => {
  it("writes tag and digest as they stand behind a name", () => {
    assert.equal(formatVersion({ tag: undefined, digest: undefined }), "");
    assert.equal(formatVersion({ tag: "1", digest: undefined }), ":1");
    assert.equal(formatVersion({ tag: undefined, digest: sha256 }), `@${sha256}`);
    assert.equal(formatVersion({ tag: "1", digest: sha256 }), `:1@${sha256}`);
  });
});
