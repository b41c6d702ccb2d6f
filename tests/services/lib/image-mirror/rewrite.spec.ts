import assert from "node:assert/strict";
import { compileMirror, type Rewrite, type RewriteImage } from "../../../../services/lib/image-mirror/rewrite.ts";
import { type MirrorSetting, parseMirrorSetting } from "../../../../services/lib/image-mirror/rules.ts";
import { sha256 } from "./reference-cases.ts";

function settingOf(value: unknown): MirrorSetting {
  const parsed = parseMirrorSetting(value);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.value;
}
const mirror = (value: unknown): RewriteImage => compileMirror(settingOf(value));

const rules = [
  { from: "docker.io", to: "m.example:5000/hub" },
  { from: "docker.io/team", to: "m.example:5000/team" },
  { from: "docker.io/team/app", to: "n.example/app" },
  { from: "quay.example/org", to: "n.example" },
];
const keep = mirror({ rules, exempt: ["docker.io/team/own", "own.example"] });
const refuse = mirror({ rules, exempt: ["docker.io/team/own", "own.example"], onMissing: "refuse" });
const imageOf = (result: Rewrite): string => (result.outcome === "refused" ? result.message : result.image);

describe("compileMirror", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["nginx", "m.example:5000/hub/library/nginx"],
    ["nginx:1.29", "m.example:5000/hub/library/nginx:1.29"],
    [`nginx@${sha256}`, `m.example:5000/hub/library/nginx@${sha256}`],
    [`docker.io/nginx:1@${sha256}`, `m.example:5000/hub/library/nginx:1@${sha256}`],
    ["index.docker.io/other/app", "m.example:5000/hub/other/app"],
    ["Docker.io/other/app", "m.example:5000/hub/other/app"],
    ["team/tool:1", "m.example:5000/team/tool:1"],
    ["team/app:1", "n.example/app:1"],
    ["team/app/sub:1", "n.example/app/sub:1"],
    ["team/apple:1", "m.example:5000/team/apple:1"],
    ["teams/app:1", "m.example:5000/hub/teams/app:1"],
    ["quay.example/org/app", "n.example/app"],
  ];
  for (const [given, mirrored] of cases) {
    it(`takes ${given.slice(0, 40)} from ${mirrored.slice(0, 50)}`, () => {
      for (const rewrite of [keep, refuse]) {
        assert.deepEqual(rewrite(given), { outcome: "mirrored", image: mirrored });
        assert.deepEqual(rewrite(mirrored), { outcome: "unchanged", image: mirrored });
      }
    });
  }

  it("leaves what is mirrored or exempt in the words it was written in", () => {
    for (const given of ["M.example:5000/hub/library/nginx", "N.example/any:1", "team/own:1", "own.example/a"]) {
      for (const rewrite of [keep, refuse]) assert.deepEqual(rewrite(given), { outcome: "unchanged", image: given });
    }
  });

  it("leaves or refuses what no rule covers, as configured", () => {
    for (const given of ["other.example/a:1", "m.example/hub/a", "quay.example/orga/a", "Team/app"]) {
      assert.deepEqual(keep(given), { outcome: "unchanged", image: given });
      assert.deepEqual(refuse(given), {
        outcome: "refused",
        reason: "ImageNotMirrored",
        message: `image "${given}" is not mirrored: use an image that a rule covers (docker.io, docker.io/team, docker.io/team/app, quay.example/org, docker.io/team/own, own.example), or ask for a rule`,
      });
    }
    const many = Array.from({ length: 10 }, (_, i) => ({ from: `r${i}.x`, to: `m.x/${i}` }));
    assert.match(imageOf(mirror({ rules: many, onMissing: "refuse" })("nginx")), /\(r0\.x, .*, r7\.x and 2 more\)/);
  });

  it("refuses what is no image in either mode, and says why", () => {
    const message = 'image "Nginx" has upper-case letters in the repository "Nginx": write "nginx"';
    for (const rewrite of [keep, refuse]) {
      assert.deepEqual(rewrite("Nginx"), { outcome: "refused", reason: "ImageInvalid", message });
    }
  });

  it("refuses a mirrored name that would be no image, or another one", () => {
    const wrong = (from: string, to: string, given: string): Rewrite => mirror({ rules: [{ from, to }] })(given);
    const advice = (from: string): string => `change the rule from ${from}, or add one for this image`;
    const long = `${"a/".repeat(126)}a`;
    const cut = `"${`a.x/${long}`.slice(0, 100)}"...`;
    const mirrored = `"${`m.x/long/${long}`.slice(0, 100)}"...`;
    assert.deepEqual(wrong("a.x/b", "m.x", "a.x/b:1"), {
      outcome: "refused",
      reason: "MirrorNameInvalid",
      message: `image "a.x/b:1" would become "m.x", which names no repository: ${advice("a.x/b")}`,
    });
    assert.equal(
      imageOf(wrong("a.x", "m.x/long", `a.x/${long}`)),
      `image ${cut} would become ${mirrored}, which has a repository of 258 characters, at most 255 are allowed: ${advice("a.x")}`,
    );
    assert.equal(
      imageOf(wrong("a.x", "docker.io", "a.x/b")),
      `image "a.x/b" would become "docker.io/b", which stands directly below Docker Hub: ${advice("a.x")}`,
    );
    assert.equal(imageOf(wrong("a.x", "docker.io", "a.x/b/c")), "docker.io/b/c");
  });

  it("remembers images that come again, but neither many nor long ones", () => {
    const rewrite = mirror({ rules: [{ from: "a.x", to: "m.x" }] });
    const [first, long] = [rewrite("a.x/b:1"), `a.x/${"b".repeat(200)}@sha512:${"0".repeat(128)}:${"c".repeat(200)}`];
    assert.equal(rewrite("a.x/b:1"), first);
    assert.notEqual(rewrite(long), rewrite(long));
    assert.deepEqual(rewrite(long), rewrite(long));
    for (let i = 0; i < 1_000; i++) rewrite(`a.x/other:${i}`);
    assert.notEqual(rewrite("a.x/b:1"), first);
    assert.deepEqual(rewrite("a.x/b:1"), { outcome: "mirrored", image: "m.x/b:1" });
  });
});
