import fc from "fast-check";
import type { ImageReference } from "../../../../services/lib/image-mirror/reference.ts";

const text = (alphabet: string, minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength });

const hex = (length: number): fc.Arbitrary<string> => text("0123456789abcdef", length, length);
const word = text("abcxyz0189", 1, 6);
const joined = (separators: readonly string[], max: number): fc.Arbitrary<string> =>
  fc
    .tuple(word, fc.array(fc.tuple(fc.constantFrom(...separators), word), { maxLength: max }))
    .map(([first, rest]) => first + rest.flat().join(""));

export const pathComponent: fc.Arbitrary<string> = joined([".", "_", "__", "-", "---"], 2);
const path = fc.array(pathComponent, { minLength: 1, maxLength: 4 }).map((components) => components.join("/"));

const host = fc.oneof(
  fc.constantFrom("localhost", "127.0.0.1", "[::1]", "[2001:db8::a]"),
  fc.tuple(word, word).map((labels) => labels.join(".")),
);
const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });
const registry = fc.oneof(
  fc.constant("docker.io"),
  fc.tuple(host, port).map(([name, number]) => (number === undefined ? name : `${name}:${number}`)),
  fc.constant("hub:5000"),
);

const digest = fc.oneof(
  hex(64).map((digits) => `sha256:${digits}`),
  hex(96).map((digits) => `sha384:${digits}`),
  hex(128).map((digits) => `sha512:${digits}`),
);

const inFull = ({ registry, repository }: Pick<ImageReference, "registry" | "repository">): string =>
  registry === "docker.io" && !repository.includes("/") ? `library/${repository}` : repository;

/** References in their full form; on Docker Hub a repository has two components or more. */
export const reference: fc.Arbitrary<ImageReference> = fc
  .record({
    registry,
    repository: path,
    tag: fc.option(
      fc.tuple(text("aZ_0", 1, 1), text("aZ_0.-", 0, 127)).map((parts) => parts.join("")),
      { nil: undefined },
    ),
    digest: fc.option(digest, { nil: undefined }),
  })
  .map((it) => ({ ...it, repository: inFull(it) }));

/** Texts near the grammar: its characters in any order, and references with something wrong put in. */
export const nearlyImage: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  text("aZ09._-/:@[]% \n", 0, 40),
  fc
    .tuple(path, fc.nat(), fc.constantFrom(..."A.-_/:@[ ", "..", "//", "__", "@sha256:", "\u0000", "\ud800"))
    .map(([name, at, wrong]) => {
      const i = at % (name.length + 1);
      return name.slice(0, i) + wrong + name.slice(i);
    }),
);

/** Names that share much, so that rules and images meet. */
const few = fc.constantFrom("a", "b", "ab", "a.b");
export const sharedName: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom("a.x", "b.x:5000", "docker.io"), fc.array(few, { maxLength: 3 }))
  .map(([first, rest]) => [first, ...rest].join("/"));
