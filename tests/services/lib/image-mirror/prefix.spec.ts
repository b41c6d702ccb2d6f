import assert from "node:assert/strict";
import fc from "fast-check";
import { isAbove, overlap, parsePrefix } from "../../../../services/lib/image-mirror/prefix.ts";
import { sharedName } from "./arbitraries.ts";

describe("parsePrefix", () => {
  const right: readonly (readonly [string, string])[] = [
    ["docker.io", "docker.io"],
    ["index.docker.io/team", "docker.io/team"],
    ["docker.io/team", "docker.io/team"],
    ["docker.io/library/nginx", "docker.io/library/nginx"],
    ["HUB.example:5000/a", "hub.example:5000/a"],
    ["localhost", "localhost"],
    ["hub:5000", "hub:5000"],
    ["[2001:DB8::1]:5000/a/b", "[2001:db8::1]:5000/a/b"],
  ];
  for (const [text, prefix] of right) {
    it(`reads ${text} as ${prefix}`, () => assert.equal(parsePrefix(text), prefix));
  }

  const host = "must begin with host, host:port or [IPv6]:port";
  const asImages = "write the registry as images name it";
  const repository = "must name a repository of at most 255 characters";
  const components = "components of lower-case letters and digits, with one of . _ __ or dashes between them";
  const wrong: readonly (readonly [unknown, wrong: string, fix: string])[] = [
    [undefined, "must be text", "write a registry, or a registry and a repository"],
    [5000, "must be text", "write a registry, or a registry and a repository"],
    ["", "must not be empty", "write a registry, or a registry and a repository"],
    ["https://hub.example", "must be without a scheme", 'leave out "https://"'],
    ["hub.example/*", "must be without a wildcard", "leave it out: a prefix covers everything below it"],
    ["*", "must be without a wildcard", "leave it out: a prefix covers everything below it"],
    ["hub.example/", "must not end in a slash", 'write "hub.example"'],
    ["hub.example/a@sha256:ff", "must be without a digest", "leave out the @ and the rest"],
    ["hub.example/a:1", "must be without a tag", 'write "hub.example/a": tags are kept as they are'],
    ["nginx", "must begin with a registry", 'write "docker.io/nginx", or "docker.io/library/nginx" for the image'],
    ["team/app", "must begin with a registry", 'write "docker.io/team/app"'],
    ["Team/app", "must begin with a registry", 'write "docker.io/team/app"'],
    ["/app", "must begin with a registry", asImages],
    ["nginx:latest", host, asImages],
    ["hub.example:70000", host, asImages],
    ["[:::]/a", host, asImages],
    ["hub_1.example/a", host, asImages],
    [" hub.example", host, asImages],
    ["hub.example/A", repository, components],
    ["hub.example//a", repository, components],
    [`hub.example/${"a".repeat(256)}`, repository, components],
  ];
  for (const [text, message, fix] of wrong) {
    it(`refuses ${JSON.stringify(text)?.slice(0, 60)}`, () => {
      assert.deepEqual(parsePrefix(text), { wrong: message, fix });
    });
  }
});

describe("isAbove and overlap", () => {
  it("know slashes as borders, and nothing else", () => {
    assert.ok(isAbove("a.x", "a.x"));
    assert.ok(isAbove("a.x", "a.x/b"));
    assert.ok(!isAbove("a.x/b", "a.x"));
    assert.ok(!isAbove("a.x/b", "a.x/bc"));
    assert.ok(!isAbove("a.x", "a.xy/b"));
    assert.ok(!isAbove("hub", "hub:5000/a"));
  });

  it("are what comparing component by component gives", () => {
    fc.assert(
      fc.property(sharedName, sharedName, (prefix, name) => {
        const [some, all] = [prefix.split("/"), name.split("/")];
        const expected = some.every((part, i) => part === all[i]);
        assert.equal(isAbove(prefix, name), expected);
        assert.equal(overlap(prefix, name), expected || all.every((part, i) => part === some[i]));
      }),
    );
  });
});
