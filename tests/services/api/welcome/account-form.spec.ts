import assert from "node:assert/strict";
import fc from "fast-check";
import { emailProblem, readAccount } from "../../../../services/api/welcome/account-form.ts";

const good = {
  userName: "ada",
  firstName: "Ada",
  lastName: "O'Neil-Müller",
  email: "ada@example.org",
  password: " with spaces ",
  repeat: " with spaces ",
};
const errorsOf = (change: Readonly<Record<string, string>>): unknown => {
  const read = readAccount(new URLSearchParams({ ...good, ...change }));
  return read.ok ? {} : read.errors;
};

describe("readAccount", () => {
  it("trims names and not passwords, and writes user names small", () => {
    const sent = { ...good, userName: " ADA ", firstName: " Ada\n", lastName: "Mu\u0308ller" };
    const account = { ...good, userName: "ada", firstName: "Ada", lastName: "Müller" };
    const { repeat, ...read } = account;
    const { password, ...typed } = read;
    assert.deepEqual(readAccount(new URLSearchParams(sent)), { ok: true, account: read, typed });
  });

  it("takes the address that an invitation is for, whatever is sent", () => {
    const read = readAccount(new URLSearchParams({ ...good, email: "eve@example.org" }), "ada@example.org");
    assert.equal(read.ok && read.account.email, "ada@example.org");
  });

  it("names every empty field", () => {
    const read = readAccount(new URLSearchParams());
    assert.deepEqual(read.ok ? [] : Object.keys(read.errors), [
      ...["userName", "firstName", "lastName", "email", "password", "repeat"],
    ]);
  });

  for (const userName of [
    "ab",
    "a".repeat(65),
    ".ada",
    "ada-",
    "a da",
    "a/b",
    "админ",
    "ａｄａ",
    "service@x",
    "a\u0000b",
  ]) {
    it(`takes no user ${JSON.stringify(userName.slice(0, 20))}`, () => {
      const userNameError =
        "Write 3 to 64 of a-z, 0-9, dot, dash and underscore; the first and the last a letter or a digit.";
      assert.deepEqual(errorsOf({ userName }), { userName: userNameError });
    });
  }

  const names: readonly [name: string, error: string][] = [
    ["Ada\u0007", "Leave out control characters."],
    ["A\u0000da", "Leave out control characters."],
    ["Ada §", "Leave out the § character."],
    ["a".repeat(256), "Write at most 255 characters."],
  ];
  for (const [firstName, error] of names) {
    it(`tells of a name: ${error}`, () => assert.deepEqual(errorsOf({ firstName }), { firstName: error }));
  }

  it("keeps no password to be shown again", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(text, text, (password, firstName) => {
        const { typed } = readAccount(new URLSearchParams({ ...good, password, firstName }));
        assert.deepEqual(Object.keys(typed), ["userName", "firstName", "lastName", "email"]);
      }),
    );
  });
});

describe("emailProblem", () => {
  const wrong = ["", "a", "a@b", "@b.org", "a@", "a b@c.org", "a@b..org", "a@-b.org", "a@b.org\n", "<a@b.org>"];
  for (const text of [...wrong, "a@b.org,c@d.org", `a@${"b".repeat(250)}.org`, `${"a".repeat(65)}@b.org`]) {
    it(`has something against ${JSON.stringify(text.slice(0, 30))}`, () =>
      assert.equal(emailProblem(text), "Write an email address such as ada@example.org."));
  }

  for (const text of ["a@b.org", "a.b+c@d-e.example.org", "ä@b.org", "O'N@b.org"]) {
    it(`takes "${text}"`, () => assert.equal(emailProblem(text), undefined));
  }
});
