import assert from "node:assert/strict";
import fc from "fast-check";
import { parsePrimehubRole, parseRole, roleKinds, roleName } from "../../../../services/lib/keycloak/role-name.ts";

const names = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?$/);

describe("names of roles", () => {
  it("are read as they are written", () => {
    fc.assert(
      fc.property(fc.constantFrom(...roleKinds), names, (kind, name) => {
        assert.deepEqual(parseRole(roleName(kind, name)), { kind, name });
        assert.deepEqual(parsePrimehubRole(roleName(kind, name)), { kind, name });
      }),
    );
  });

  it("are not those of others", () => {
    const others = ["carrel-admin", "img:", "img", "ds:ro:x", "it:a:b", "prefix:it:a", "offline_access", "IMG:x"];
    assert.deepEqual(
      others.map(parseRole),
      others.map(() => undefined),
    );
  });

  it("may have PrimeHub's prefix of a cluster, and labels", () => {
    const cases: Record<string, ReturnType<typeof parsePrimehubRole>> = {
      "prod:it:cpu-1": { kind: "it", name: "cpu-1" },
      "prod:ds:rw:corpus": { kind: "ds:rw", name: "corpus" },
      "ds:old:rw:corpus": { kind: "ds:rw", name: "corpus" },
      "ds:old:corpus": { kind: "ds", name: "corpus" },
      "img:rw:scipy": { kind: "img", name: "scipy" },
      "a:b:it:x": undefined,
      "it:": undefined,
      it: undefined,
      invitation: undefined,
    };
    assert.deepEqual(Object.fromEntries(Object.keys(cases).map((role) => [role, parsePrimehubRole(role)])), cases);
  });
});
