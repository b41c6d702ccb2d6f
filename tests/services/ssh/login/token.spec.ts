import assert from "node:assert/strict";
import fc from "fast-check";
import { cleanToken } from "../../../../services/ssh/login/token.ts";

const token = "0123456789abcdef0123456789abcdef";

describe("cleanToken", () => {
  const taken: [string, string][] = [
    ["as it is", token],
    ["with a line break", `${token}\r\n`],
    ["with spaces, also those that cannot break", ` \u00a0${token}\t `],
    ["in quotes of any kind", `\u201c'${token}'\u201d`],
    ["after a byte order mark", `\ufeff${token}`],
    ["with a joiner inside", `${token.slice(0, 9)}\u200b${token.slice(9)}`],
    ["in a bracketed paste", `\u001b[200~${token}\u001b[201~`],
    ["in a bracketed paste that lost its escape characters", `[200~${token}[201~`],
    ["with control characters of the terminal inside", `\u0016${token.slice(0, 3)}\u0000${token.slice(3)}\u0080`],
  ];
  for (const [how, pasted] of taken) {
    it(`takes a token ${how}`, () => {
      assert.equal(cleanToken(pasted), token);
    });
  }

  const refused: [string, string][] = [
    ["nothing", ""],
    ["too little", "abc1234"],
    ["too much", "a".repeat(513)],
    ["a sentence", "my secret password"],
    ["two tokens", `${token} ${token}`],
    ["what another header would begin with", `${token}: x`],
  ];
  for (const [what, pasted] of refused) {
    it(`refuses ${what}`, () => {
      assert.equal(cleanToken(pasted), undefined);
    });
  }

  it("lets nothing through that has a meaning in a header", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii", maxLength: 40 }), (pasted) => {
        const found = cleanToken(pasted);
        return found === undefined || /^[A-Za-z0-9_.~+/=-]{8,512}$/.test(found);
      }),
    );
  });
});
