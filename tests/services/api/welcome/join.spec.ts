import assert from "node:assert/strict";
import { KeycloakError } from "../../../../services/lib/keycloak/errors.ts";
import { type Answer, type Library, library, PUBLIC_URL } from "../library.ts";
import { closeAll, fields, get, marie, opened, outcomes, post, type Read } from "./visitor.ts";

describe("an invitation", () => {
  afterEach(closeAll);
  const path = "/welcome/join";
  const startMs = Date.UTC(2030, 0, 1);
  let nowMs = startMs;
  const clock = { now: () => nowMs, monotonicMs: () => nowMs, sleep: async () => undefined };
  const started = (): Promise<Library> => {
    nowMs = startMs;
    return opened(library({ clock }));
  };
  const invite = async (running: Library, args: string, who = "grace"): Promise<Answer> =>
    running.ask("public", await running.tokenOf(who), `mutation { invite(${args}) { url group email expires } }`);
  const tokenFor = async (running: Library, args = 'group: "physics"', who = "grace"): Promise<string> => {
    const { body } = await invite(running, args, who);
    const { url } = body.data!["invite"] as { url: string };
    return new URL(url).searchParams.get("token") ?? "";
  };
  const show = (running: Library, token: string): Promise<Read> => get(running, `${path}?token=${token}`);

  it("is a link for a group, for 7 days where nothing is said", async () => {
    const running = await started();
    const { body } = await invite(running, 'group: "physics", email: "marie@example.org"');
    const { url, ...rest } = body.data!["invite"] as { url: string };
    assert.match(url, /^https:\/\/library\.test\/welcome\/join\?token=[\w-]+\.[\w-]{43}$/);
    assert.deepEqual(rest, { group: "physics", email: "marie@example.org", expires: "2030-01-08T00:00:00.000Z" });
  });

  const wrong: readonly [who: string, args: string, code: string, message: string][] = [
    ["ada", 'group: "physics"', "FORBIDDEN", "Mutation.invite: you may not see this"],
    ["grace", 'group: "chemistry"', "FORBIDDEN", "Mutation.invite: you may not see this"],
    ["grace", 'group: "physics", days: 31', "BAD_REQUEST", "days must be 1 to 30, got 31"],
    ["grace", 'group: "physics", days: 0', "BAD_REQUEST", "days must be 1 to 30, got 0"],
    [
      "grace",
      'group: "physics", email: "x"',
      "BAD_REQUEST",
      'email must be an address such as ada@example.org, got "x"',
    ],
    ["root", 'group: "nowhere"', "NOT_FOUND", 'there is no group "nowhere" to invite to'],
    ["root", 'group: "everyone"', "NOT_FOUND", 'there is no group "everyone" to invite to'],
  ];
  for (const [who, args, code, message] of wrong) {
    it(`is not given to ${who} for ${args}`, async () => {
      const { body } = await invite(await started(), args, who);
      assert.deepEqual(
        body.errors?.map((one) => [one.extensions?.code, one.message]),
        [[code, message]],
      );
    });
  }

  it("cannot be made where its secrets are not set up, and the answer says what to do", async () => {
    const { body } = await invite(await opened(library({ welcome: false })), 'group: "physics"');
    assert.deepEqual(
      body.errors?.map((one) => [one.extensions?.code, one.message]),
      [
        [
          "UNAVAILABLE",
          "invitations are not set up here: mount the API's welcome secrets (WELCOME_DIR) and set PUBLIC_URL",
        ],
      ],
    );
  });

  const intro = [
    "Make an account to join. The invitation works once, until Tue, 08 Jan 2030 00:00:00 GMT.",
    "If you have an account already, make no other one: ask grace to add you to the group.",
  ];

  it("shows who invites to what, and a form", async () => {
    const running = await started();
    const token = await tokenFor(running, 'group: "physics", email: "marie@example.org"');
    const { status, page } = await show(running, token);
    const email = { value: "marie@example.org", isFixed: true };
    assert.deepEqual(
      [status, page],
      [
        200,
        {
          title: "grace invites you to physics people - Carrel",
          heading: "grace invites you to physics people",
          paragraphs: intro,
          links: [],
          form: { action: path, token, fields: fields({ email }) },
        },
      ],
    );
  });

  it("makes a member of the group, once, with the address that it is for", async () => {
    const running = await started();
    const token = await tokenFor(running, 'group: "physics", email: "marie@example.org"');
    const { status, page } = await post(running, path, { ...marie, token, email: "other@example.org" });
    assert.deepEqual(
      [status, page],
      [
        200,
        {
          ...{ title: "Welcome to Carrel - Carrel", heading: "Welcome to Carrel" },
          paragraphs: ["The account marie is a member of physics people."],
          links: [["Log in", `${PUBLIC_URL}/`]],
        },
      ],
    );
    const { email, groups, roles } = running.keycloak.users.get("marie") ?? {};
    assert.deepEqual([email, groups, roles], ["marie@example.org", ["everyone", "physics"], undefined]);
    const again = await post(running, path, { ...marie, token, userName: "pierre", email: "pierre@example.org" });
    assert.deepEqual(
      [again.status, again.page.heading, again.page.paragraphs],
      [
        410,
        "This invitation has been used",
        ["It made the account marie. If that is yours, log in; if not, ask for another invitation."],
      ],
    );
    assert.equal((await show(running, token)).status, 410);
    assert.equal(running.keycloak.users.has("pierre"), false);
  });

  it("never gives a group to an account that is there", async () => {
    const running = await started();
    const token = await tokenFor(running);
    const { status, page } = await post(running, path, { ...marie, token, userName: "eve" });
    assert.deepEqual(
      [status, page.form?.fields["userName"]],
      [422, { label: "User name", value: "eve", error: "This name is taken: choose another one." }],
    );
    assert.deepEqual(running.keycloak.users.get("eve")?.groups, ["everyone", "chemistry"]);
  });

  const ended: readonly [what: string, end: (running: Library) => void, heading: string, text: string][] = [
    [
      "time is over",
      () => {
        nowMs += 7 * 86_400_000;
      },
      "This invitation has expired",
      "Ask whoever sent it to you for another one.",
    ],
    [
      "the group is gone",
      ({ keycloak }) => keycloak.groups.delete("physics"),
      "There is no such group",
      "The group physics is not there any more. Ask whoever invited you.",
    ],
    [
      "the inviter does not administer the group any more",
      ({ keycloak }) => keycloak.groups.set("physics", { admins: ["ada"] }),
      "This invitation was taken back",
      "grace does not administer physics any more. Ask for another invitation.",
    ],
    [
      "the inviter is disabled",
      ({ keycloak }) => keycloak.users.set("grace", { groups: ["physics"], enabled: false }),
      "This invitation was taken back",
      "grace does not administer physics any more. Ask for another invitation.",
    ],
  ];
  for (const [what, end, heading, text] of ended) {
    it(`ends when ${what}`, async () => {
      const running = await started();
      const token = await tokenFor(running);
      end(running);
      const all = [await show(running, token), await post(running, path, { ...marie, token })];
      for (const { status, page } of all) {
        assert.deepEqual(
          [status, page],
          [410, { title: `${heading} - Carrel`, heading, paragraphs: [text], links: [] }],
        );
      }
      assert.equal(running.keycloak.users.has("marie"), false);
    });
  }

  it("is for nothing that was changed in it", async () => {
    const running = await started();
    const [payload = "", signature = ""] = (await tokenFor(running)).split(".");
    const other = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
    const changed = Buffer.from(JSON.stringify({ ...other, group: "chemistry" })).toString("base64url");
    const tokens = [
      "",
      ".",
      payload,
      `${payload}.`,
      `${changed}.${signature}`,
      `${payload}.${signature}.x`,
      `${payload}.${signature}=`,
    ];
    for (const token of tokens) {
      const { status, page } = await post(running, path, { ...marie, token });
      assert.deepEqual([status, page.heading], [403, "This link does not work"], token);
    }
  });

  it("makes one account of two that are made at the same time", async () => {
    const running = await started();
    const token = await tokenFor(running);
    const id = (JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as { id: string }).id;
    running.keycloak.meanwhile = (what) => {
      if (what === "POST /users") running.keycloak.users.set("rival", { attributes: { invitation: [id] } });
    };
    const { status, page } = await post(running, path, { ...marie, token });
    assert.deepEqual([status, page.heading], [409, "This invitation was used at the same time"]);
    assert.deepEqual([running.keycloak.users.has("marie"), running.keycloak.users.has("rival")], [false, true]);
  });

  it("leaves nobody outside of the group behind", async () => {
    const running = await started();
    const token = await tokenFor(running);
    running.keycloak.meanwhile = (what) => {
      if (what.startsWith("PUT ")) throw new KeycloakError("Keycloak answers 409 to PUT /x: no", { status: 409 });
    };
    assert.equal((await post(running, path, { ...marie, token })).status, 500);
    assert.equal(running.keycloak.users.has("marie"), false);
    running.keycloak.meanwhile = () => undefined;
    assert.equal((await post(running, path, { ...marie, token })).status, 200);
  });

  it("is in the log at each use, without token and password", async () => {
    const running = await started();
    const token = await tokenFor(running);
    await post(running, path, { ...marie, token, email: "" });
    await post(running, path, { ...marie, token: `${token}x` });
    await post(running, path, { ...marie, token, userName: "ada" });
    await post(running, path, { ...marie, token });
    await post(running, path, { ...marie, token });
    const told = outcomes(running, "invitation") as Record<string, unknown>[];
    const id = told[0]?.["invitation"];
    const own = { invitation: id, group: "physics", inviter: "grace" };
    assert.deepEqual(told, [
      { outcome: "mistyped", ...own },
      { outcome: "tampered" },
      { outcome: "refused", ...own },
      { outcome: "made", ...own, user: "marie" },
      { outcome: "used", ...own },
    ]);
    const text = running.lines.join("");
    for (const secret of [token, token.split(".")[1] ?? "", marie.password]) assert.ok(!text.includes(secret));
  });
});
