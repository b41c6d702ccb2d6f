import assert from "node:assert/strict";
import fc from "fast-check";
import { Invitations } from "../../../../services/api/welcome/invitations.ts";

const publicUrl = "https://library.test";
const nowMs = Date.UTC(2030, 0, 1);
const at = (ms = nowMs, key = Buffer.alloc(32, 1)) =>
  new Invitations({ key: () => key, publicUrl, clock: { now: () => ms } });
const tokenOf = ({ url }: { url: string }): string => new URL(url).searchParams.get("token") ?? "";
const invited = { group: "Über/Lab 1", inviter: "ada", email: undefined, days: 2 };

describe("Invitations", () => {
  it("read what they have made, whatever it says", () => {
    const text = fc.string({ unit: "grapheme" });
    const days = fc.integer({ min: 1, max: 30 });
    const email = fc.option(text, { nil: undefined });
    fc.assert(
      fc.property(fc.record({ group: text, inviter: text, email, days }), (given) => {
        const made = at().make(given);
        assert.deepEqual(at().read(tokenOf(made)), { ok: true, invitation: made.invitation });
      }),
    );
  });

  it("work until the second in which they expire, and each has an id of its own", () => {
    const made = at().make(invited);
    const { id, ...rest } = made.invitation;
    const expires = nowMs / 1000 + 2 * 86_400;
    assert.deepEqual(rest, { group: "Über/Lab 1", inviter: "ada", email: undefined, expires });
    assert.match(id, /^[0-9a-f]{32}$/);
    assert.notEqual(at().make(invited).invitation.id, id);
    assert.equal(at(expires * 1000 - 1).read(tokenOf(made)).ok, true);
    assert.deepEqual(at(expires * 1000).read(tokenOf(made)), { ok: false, reason: "expired" });
  });

  it("are for nothing once another key is there", () => {
    const token = tokenOf(at().make(invited));
    assert.deepEqual(at(nowMs, Buffer.alloc(32, 2)).read(token), { ok: false, reason: "tampered" });
  });

  it("are for nothing when anything in them is another character, is missing or is added", () => {
    const token = tokenOf(at().make(invited));
    const alphabet = fc.constantFrom(..."ABCxyz019-_.= +/\u0000");
    fc.assert(
      fc.property(fc.nat(token.length - 1), alphabet, fc.constantFrom(0, 1), (i, other, dropped) => {
        const changed = token.slice(0, i) + other + token.slice(i + dropped);
        if (changed !== token) assert.deepEqual(at().read(changed), { ok: false, reason: "tampered" });
      }),
      { numRuns: 1_000 },
    );
    for (let i = 0; i < token.length; i++) assert.equal(at().read(token.slice(0, i)).ok, false);
  });
});
