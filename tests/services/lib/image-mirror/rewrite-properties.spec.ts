import assert from "node:assert/strict";
import fc from "fast-check";
import { formatReference, parseReference } from "../../../../services/lib/image-mirror/reference.ts";
import { compileMirror } from "../../../../services/lib/image-mirror/rewrite.ts";
import { type MirrorSetting, parseMirrorSetting } from "../../../../services/lib/image-mirror/rules.ts";
import { nearlyImage, pathComponent, reference, sharedName } from "./arbitraries.ts";
import { sha256 } from "./reference-cases.ts";

/** Reads the setting as its documentation does: every prefix is tried, and the longest wins. */
function expectedName({ rules: all, exempt }: MirrorSetting, name: string): string | undefined {
  const isBelow = (prefix: string): boolean => `${name}/`.startsWith(`${prefix}/`);
  const left = [...exempt, ...all.map(({ to }) => to)].filter(isBelow);
  const matching = all.filter(({ from }) => isBelow(from)).sort((a, b) => b.from.length - a.from.length);
  const [best] = matching;
  if (left.some((prefix) => prefix.length > (best?.from.length ?? -1))) return name;
  return best === undefined ? undefined : `${best.to}${name.slice(best.from.length)}`;
}

/** Names below the mirror; a port can only stand in front. */
const mirrorName = sharedName.map((name) => `m.x/${name.replace(":5000", "")}`);

/** Settings whose names overlap often; those that are refused are thrown away. */
const setting = fc
  .record({
    rules: fc.array(fc.record({ from: sharedName, to: mirrorName }), { maxLength: 5 }),
    direct: fc.array(fc.record({ from: sharedName, to: sharedName }), { maxLength: 1 }),
    exempt: fc.array(sharedName, { maxLength: 2 }),
    onMissing: fc.constantFrom("keep", "refuse"),
  })
  .map(({ direct, ...rest }) => parseMirrorSetting({ ...rest, rules: [...rest.rules, ...direct] }))
  .filter((parsed) => parsed.ok)
  .map((parsed) => parsed.value);
const version = fc.constantFrom("", ":1", `@${sha256}`, `:1@${sha256}`);
const image = fc.oneof(
  fc.tuple(sharedName, pathComponent, version).map(([name, last, end]) => `${name}/${last}${end}`),
  fc
    .tuple(
      sharedName.filter((name) => name.includes("/")),
      version,
    )
    .map((parts) => parts.join("")),
  fc.tuple(mirrorName, version).map((parts) => parts.join("")),
  reference.map(formatReference),
);

describe("rewriting by any setting", () => {
  it("changes nothing the second time", () => {
    fc.assert(
      fc.property(setting, image, (it, given) => {
        const rewrite = compileMirror(it);
        const first = rewrite(given);
        fc.pre(first.outcome === "mirrored");
        assert.deepEqual(rewrite(first.image), { outcome: "unchanged", image: first.image });
      }),
      { numRuns: 2000 },
    );
  });

  it("follows the longest prefix, and keeps tag and digest", () => {
    fc.assert(
      fc.property(setting, image, (it, given) => {
        const { registry, repository, tag, digest } = parseReference(given);
        const expected = expectedName(it, `${registry}/${repository}`);
        const result = compileMirror(it)(given);
        if (result.outcome === "refused") {
          if (result.reason === "ImageNotMirrored") assert.ok(expected === undefined && it.onMissing === "refuse");
          else
            assert.ok(expected === "a.x" || expected === "b.x:5000" || /^docker\.io(\/[^/]*)?$/.test(expected ?? ""));
          return;
        }
        const after = parseReference(result.image);
        assert.equal(`${after.registry}/${after.repository}`, expected ?? `${registry}/${repository}`);
        assert.deepEqual([after.tag, after.digest], [tag, digest]);
        if (result.outcome === "unchanged") assert.equal(result.image, given);
      }),
      { numRuns: 3000 },
    );
  });

  it("answers for any text", () => {
    const rules = [{ from: "docker.io", to: "m.x" }];
    const rewrite = compileMirror({ rules, exempt: [], onMissing: "refuse" });
    fc.assert(
      fc.property(nearlyImage, (text) => {
        assert.ok(["mirrored", "unchanged", "refused"].includes(rewrite(text).outcome));
      }),
      { numRuns: 2000 },
    );
  });
});
