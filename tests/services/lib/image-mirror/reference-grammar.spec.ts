import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatReference,
  ImageReferenceError,
  parseReference,
  type ReferenceFault,
} from "../../../../services/lib/image-mirror/reference.ts";
import { nearlyImage, reference } from "./arbitraries.ts";
import corpus from "./corpus.json" with { type: "json" };
import { sha256 } from "./reference-cases.ts";

/** The reference grammar in one expression, and Docker Hub's shortcuts, as the kubelet's parser applies them. */
const alnum = "[a-z0-9]+";
const component = `${alnum}(?:(?:[._]|__|-+)${alnum})*`;
const label = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const domain = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const digestRule = "sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}";
const grammar = new RegExp(
  `^(?:${domain}/)?${component}(?:/${component})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@(?:${digestRule}))?$`,
);
function isTakenByKubelet(image: string): boolean {
  if (/^[a-f0-9]{64}$/.test(image)) return false;
  const [first = "", ...rest] = image.split("/");
  const isDomain = rest.length > 0 && (first === "localhost" || /[.:]/.test(first) || first !== first.toLowerCase());
  return grammar.test(isDomain ? image : `docker.io/${image}`);
}

describe("the grammar of references", () => {
  it("has one full form for an image, which is its own", () => {
    fc.assert(
      fc.property(fc.oneof(nearlyImage, reference.map(formatReference)), (image) => {
        fc.pre(isTakenByKubelet(image));
        const full = formatReference(parseReference(image));
        assert.equal(formatReference(parseReference(full)), full);
      }),
    );
  });

  it("takes what the kubelet takes, and refuses the rest with ImageReferenceError only", () => {
    const anything = fc.oneof(nearlyImage, reference.map(formatReference));
    fc.assert(
      fc.property(anything, (image) => {
        if (isTakenByKubelet(image)) parseReference(image);
        else assert.throws(() => parseReference(image), ImageReferenceError);
      }),
      { numRuns: 5000 },
    );
  });

  it("needs no more time for texts made to mislead it", () => {
    const parts = [
      "a",
      "a-",
      "a_",
      "-",
      "a.",
      "a/",
      "/",
      ":",
      "a:",
      "@",
      "[",
      "[:",
      "A",
      "A.",
      "0",
      " ",
      "a-a_a.",
      "é",
    ];
    for (const part of parts) {
      for (const [before, after] of [
        ["", "!"],
        ["hub.example/", "!"],
        ["nginx:", "!"],
        [`nginx@${sha256}`, "!"],
        ["[", "]/a"],
      ] as const) {
        const image = before + part.repeat(100_000) + after;
        const since = performance.now();
        assert.throws(() => parseReference(image), ImageReferenceError);
        assert.ok(performance.now() - since < 250, `${before}${part}... took ${performance.now() - since} ms`);
      }
    }
  });
});

const brief = (image: string): string => JSON.stringify(image.length > 60 ? `${image.slice(0, 60)}...` : image);
const hasFault = (fault: string) => (error: unknown) => error instanceof ImageReferenceError && error.fault === fault;

describe("the corpus of references", () => {
  for (const { image: parts, full, fault } of corpus as readonly CorpusEntry[]) {
    const image = typeof parts === "string" ? parts : parts.map(([part, times]) => part.repeat(times)).join("");
    it(`has ${brief(image)} ${fault === undefined ? "taken" : `refused for its ${fault}`}`, () => {
      if (fault === undefined) assert.equal(formatReference(parseReference(image)), full);
      else assert.throws(() => parseReference(image), hasFault(fault));
    });
  }
});

interface CorpusEntry {
  /** The text, or its parts with how often each is repeated. */
  readonly image: string | readonly (readonly [string, number])[];
  readonly full?: string;
  readonly fault?: ReferenceFault;
}
