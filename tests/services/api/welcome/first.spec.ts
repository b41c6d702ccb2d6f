import assert from "node:assert/strict";
import { KeycloakError } from "../../../../services/lib/keycloak/errors.ts";
import { FIRST_TOKEN, library, PUBLIC_URL } from "../library.ts";
import { closeAll, fields, get, marie, opened, outcomes, post, typed, withoutAdmin } from "./visitor.ts";

describe("the first administrator's page", () => {
  afterEach(closeAll);
  const path = "/welcome/first";
  const link = `${path}?token=${FIRST_TOKEN}`;
  const sent = { token: FIRST_TOKEN, ...marie };
  const title = "The first administrator - Carrel";
  const paragraphs = [
    "Make your account. It administers the whole platform; this link works only until there is an administrator.",
  ];

  it("has an empty form", async () => {
    const { status, page } = await get(await opened(withoutAdmin()), link);
    assert.deepEqual(
      [status, page],
      [
        200,
        {
          ...{ title, heading: "The first administrator", paragraphs, links: [] },
          form: { action: path, token: FIRST_TOKEN, fields: fields() },
        },
      ],
    );
  });

  it("makes a user with a password that stays and the role, and leads to the login", async () => {
    const running = await opened(withoutAdmin());
    const { status, page } = await post(running, path, { ...sent, userName: " Marie " });
    assert.deepEqual(
      [status, page],
      [
        200,
        {
          ...{ title: "Welcome to Carrel - Carrel", heading: "Welcome to Carrel" },
          paragraphs: ["The account marie administers the platform."],
          links: [["Log in", `${PUBLIC_URL}/`]],
        },
      ],
    );
    const { attributes, ...user } = running.keycloak.users.get("marie") ?? {};
    assert.deepEqual(user, {
      ...{ firstName: "Marie", lastName: "Curie", email: "marie@example.org", password: marie.password },
      ...{ groups: ["everyone"], roles: ["carrel-admin"] },
    });
    assert.match(attributes?.["invitation"]?.[0] ?? "", /^[0-9a-f]{32}$/);
  });

  it("makes them a member of the only group, so that they can start a notebook", async () => {
    const running = await opened(withoutAdmin());
    running.keycloak.groups.delete("chemistry");
    const { page } = await post(running, path, sent);
    assert.deepEqual(page.paragraphs, ["The account marie administers the platform, and is a member of physics."]);
    assert.deepEqual(running.keycloak.users.get("marie")?.groups, ["everyone", "physics"]);
    const empty = await opened(withoutAdmin());
    for (const name of ["physics", "chemistry"]) empty.keycloak.groups.delete(name);
    assert.deepEqual((await post(empty, path, sent)).page.paragraphs, ["The account marie administers the platform."]);
  });

  const spent = {
    title: "This link has been used - Carrel",
    heading: "This link has been used",
    paragraphs: [
      "Somebody administers the platform already: log in, or ask them to make you an administrator.",
      "If nobody can log in as an administrator any more, the guide on identity says how to get in again.",
    ],
    links: [],
  };

  it("is dead once somebody has the role, by themselves or by a group", async () => {
    const direct = await opened(library());
    assert.deepEqual([(await get(direct, link)).page, (await post(direct, path, sent)).page], [spent, spent]);
    const group = await opened(withoutAdmin());
    group.keycloak.groups.set("operators", { roles: ["carrel-admin"] });
    assert.equal((await get(group, link)).status, 200);
    group.keycloak.users.set("ada", { groups: ["operators"] });
    const { status, page } = await get(group, link);
    assert.deepEqual([status, page], [410, spent]);
    for (const { keycloak } of [direct, group]) assert.equal(keycloak.users.has("marie"), false);
  });

  for (const wrong of ["", "?token=", `${link.slice(path.length)}x`, "?token=%00", `?TOKEN=${FIRST_TOKEN}`]) {
    it(`does not open with "${wrong.slice(0, 20)}", and asks nobody`, async () => {
      const running = await opened(withoutAdmin());
      running.keycloak.down = true;
      const { status, page } = await get(running, `${path}${wrong}`);
      assert.deepEqual([status, page.heading, page.form], [403, "This link does not work", undefined]);
      const token = new URLSearchParams(wrong.slice(1)).get("token") ?? "";
      assert.equal((await post(running, path, { ...sent, token })).status, 403);
    });
  }

  const mistakes = { userName: "m", firstName: "<b>Marie</b>", lastName: "", email: '"><script>', repeat: "other" };
  const userNameError =
    "Write 3 to 64 of a-z, 0-9, dot, dash and underscore; the first and the last a letter or a digit.";
  const mistaken = fields({
    userName: { value: "m", error: userNameError },
    firstName: { value: "<b>Marie</b>", error: "Leave out the < character." },
    lastName: { error: "Write your name; if you have only one, write it in both fields." },
    email: { value: '"><script>', error: "Write an email address such as ada@example.org." },
    repeat: { error: "Both passwords must be the same: type them again." },
  });

  it("says beside each field what is wrong, and keeps what was typed but no password", async () => {
    const running = await opened(withoutAdmin());
    const { status, page, answer } = await post(running, path, { ...sent, ...mistakes });
    assert.equal(status, 422);
    assert.deepEqual(page, {
      title: `Not yet: ${title}`,
      heading: "The first administrator",
      paragraphs,
      alert: "Not yet: mend user name, first name, last name, email, password again.",
      links: [],
      form: { action: path, token: FIRST_TOKEN, fields: mistaken },
    });
    assert.doesNotMatch(answer.text, /<script|<b>|polonium/);
    assert.equal(running.keycloak.users.has("marie"), false);
  });

  const refused: readonly [what: string, change: object, field: string, error: string][] = [
    ["a password", { password: "short", repeat: "short" }, "password", "Invalid password: minimum length 12."],
    ["a name that is taken", { userName: "ada" }, "userName", "This name is taken: choose another one."],
    [
      "an address",
      { email: "ada@physics.test" },
      "email",
      "This address has an account: log in with it, or write another one.",
    ],
  ];
  for (const [what, change, field, error] of refused) {
    it(`tells what Keycloak has against ${what}`, async () => {
      const running = await opened(withoutAdmin());
      const all = { ...sent, ...change };
      const { status, page } = await post(running, path, all);
      const shown = typed(all);
      assert.deepEqual([status, page.form?.fields], [422, fields({ ...shown, [field]: { ...shown[field], error } })]);
    });
  }

  it("leaves no user without the role behind", async () => {
    const running = await opened(withoutAdmin());
    running.keycloak.meanwhile = (what) => {
      if (what.endsWith("/role-mappings/realm")) throw new KeycloakError("no answer", { status: 0 });
    };
    const { status, page, answer } = await post(running, path, sent);
    assert.deepEqual([status, page.heading, answer.headers["retry-after"]], [503, "Accounts are not known now", "60"]);
    assert.equal(running.keycloak.users.has("marie"), false);
    running.keycloak.meanwhile = () => undefined;
    assert.equal((await post(running, path, sent)).status, 200);
  });

  it("removes a user of whom Keycloak did not say that it was made", async () => {
    const running = await opened(withoutAdmin());
    const make = running.keycloak.post.bind(running.keycloak);
    running.keycloak.post = async (at, body) => {
      await make(at, body);
      throw new KeycloakError("no answer within 10000 ms", { status: 0 });
    };
    assert.equal((await post(running, path, sent)).status, 503);
    assert.equal(running.keycloak.users.has("marie"), false);
  });

  it("says in the log what it could not remove", async () => {
    const running = await opened(withoutAdmin());
    running.keycloak.meanwhile = (what) => {
      if (what !== "POST /users") throw new KeycloakError("no answer", { status: 0 });
    };
    assert.equal((await post(running, path, sent)).status, 503);
    assert.deepEqual(outcomes(running, "half-account-left"), [{ user: "marie", reason: "no answer" }]);
  });

  for (const moment of ["POST /users", "POST /users/u-marie/role-mappings/realm"]) {
    it(`gives way to somebody who is as fast, before ${moment}`, async () => {
      const running = await opened(withoutAdmin());
      running.keycloak.meanwhile = (what) => {
        if (what === moment) running.keycloak.users.set("rival", { roles: ["carrel-admin"] });
      };
      const { status, page } = await post(running, path, sent);
      assert.deepEqual([status, page.heading], [409, "Somebody was at it at the same time"]);
      assert.deepEqual([running.keycloak.users.has("marie"), running.keycloak.users.has("rival")], [false, true]);
    });
  }

  it("takes a form that is sent twice once, and tells the second one so", async () => {
    const running = await opened(withoutAdmin());
    const both = await Promise.all([post(running, path, sent), post(running, path, sent)]);
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 410]);
    const others = await Promise.all(["eins", "zwei"].map((userName) => post(running, path, { ...sent, userName })));
    assert.deepEqual(
      others.map(({ status }) => status),
      [410, 410],
    );
  });

  it("writes a line for each use, without token and password", async () => {
    const running = await opened(withoutAdmin());
    await get(running, link);
    await post(running, path, { ...sent, repeat: "" });
    await post(running, path, { ...sent, token: "guess" });
    await post(running, path, sent);
    await post(running, path, sent);
    assert.deepEqual(outcomes(running, "first-administrator"), [
      { outcome: "mistyped" },
      { outcome: "unknown-link" },
      { outcome: "made", user: "marie" },
      { outcome: "spent-link" },
    ]);
    for (const secret of [FIRST_TOKEN, marie.password, "guess"]) assert.ok(!running.lines.join("").includes(secret));
  });
});
