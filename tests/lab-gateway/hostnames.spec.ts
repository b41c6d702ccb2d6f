import assert from "node:assert/strict";
import { commonHosts, exactness } from "../../lab/gateway/hostnames.ts";

describe("the hosts of a listener and a route", () => {
  const cases: [string | undefined, string[] | undefined, (string | undefined)[]][] = [
    [undefined, undefined, [undefined]],
    [undefined, [], [undefined]],
    [undefined, ["a.example.org"], ["a.example.org"]],
    ["a.example.org", undefined, ["a.example.org"]],
    ["a.example.org", ["a.example.org", "b.example.org"], ["a.example.org"]],
    ["*.example.org", ["a.example.org", "b.a.example.org"], ["a.example.org", "b.a.example.org"]],
    ["*.example.org", ["example.org", "a.example.com"], []],
    ["a.example.org", ["*.example.org"], ["a.example.org"]],
    ["*.example.org", ["*.a.example.org"], ["*.a.example.org"]],
    ["*.a.example.org", ["*.example.org"], ["*.a.example.org"]],
    ["*.example.org", ["*.example.org"], ["*.example.org"]],
  ];
  for (const [listener, route, common] of cases) {
    it(`are ${common.join(" ") || "none"} for ${listener ?? "any"} and ${route?.join(" ") ?? "any"}`, () =>
      assert.deepEqual(commonHosts(listener, route), common));
  }

  it("are tried the most exact first", () => {
    const hosts = ["*.example.org", undefined, "a.example.org", "*.b.example.org", "a.b.example.org"];
    assert.deepEqual(
      hosts.toSorted((a, b) => exactness(b) - exactness(a)),
      ["a.b.example.org", "a.example.org", "*.b.example.org", "*.example.org", undefined],
    );
  });
});
