import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { FIRST_TOKEN, library, PUBLIC_URL } from "../library.ts";
import { closeAll, form, get, marie, opened, post, withoutAdmin } from "./visitor.ts";

describe("pages for people without an account", () => {
  afterEach(closeAll);
  const path = "/welcome/first";
  const sent = { token: FIRST_TOKEN, ...marie };

  it("may load and run nothing, are kept nowhere, and tell no other site of the token", async () => {
    const { answer } = await get(await opened(withoutAdmin()), `${path}?token=${FIRST_TOKEN}`);
    const style = /<style>([\s\S]*?)<\/style>/.exec(answer.text)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    const { date, connection, "content-length": length, ...headers } = answer.headers;
    assert.deepEqual(headers, {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
      "referrer-policy": "strict-origin",
      "x-content-type-options": "nosniff",
      "cross-origin-opener-policy": "same-origin",
      "x-robots-tag": "noindex",
    });
    assert.doesNotMatch(answer.text, / (style|on[a-z]+)=|<(script|link|img)/);
  });

  const turned: readonly [what: string, headers: object, status: number][] = [
    ["a form of another site", { origin: "https://evil.test" }, 403],
    ["a form of a sandboxed page", { origin: "null" }, 403],
    ["the same host on another port", { origin: `${PUBLIC_URL}:8443` }, 403],
    ["JSON", { "content-type": "application/json" }, 415],
    ["a multipart form", { "content-type": "multipart/form-data; boundary=x" }, 415],
  ];
  for (const [what, headers, status] of turned) {
    it(`do not take ${what}`, async () => {
      const running = await opened(withoutAdmin());
      assert.equal((await post(running, path, sent, headers)).status, status);
      assert.equal(running.keycloak.users.has("marie"), false);
    });
  }

  it("do not take a form without an origin, or one that is too large, with its length or without", async () => {
    const running = await opened(withoutAdmin());
    const { origin, ...rest } = form;
    assert.equal((await running.send("public", { path, headers: rest, body: "a=b" })).status, 403);
    const large = { ...sent, firstName: "x".repeat(16_384) };
    assert.equal((await post(running, path, large)).status, 413);
    assert.equal((await post(running, path, large, { "transfer-encoding": "chunked" })).status, 413);
  });

  it("are nowhere else, take no other method, and are not on the port of servers", async () => {
    const running = await opened(withoutAdmin());
    assert.equal((await get(running, "/welcome")).status, 404);
    assert.equal((await get(running, "/welcome/second")).status, 404);
    assert.equal((await get(running, "/welcomes")).answer.body.errors?.length, 1);
    const { status, headers } = await running.send("public", { method: "DELETE", path });
    assert.deepEqual([status, headers["allow"]], [405, "GET, POST"]);
    const internal = await running.send("internal", { method: "GET", path });
    assert.deepEqual([internal.status, internal.body.errors?.length], [404, 1]);
  });

  it("are not there without their secrets", async () => {
    const running = await opened(library({ welcome: false }));
    const { status, body } = await running.send("public", { method: "GET", path: `${path}?token=${FIRST_TOKEN}` });
    assert.deepEqual([status, body.errors?.[0]?.message], [404, "nothing is here: POST to /graphql"]);
  });

  it("ask Keycloak for eight at the same time, and tell the others to come again", async () => {
    const running = await opened(withoutAdmin());
    const gate = Promise.withResolvers<void>();
    const ask = running.keycloak.get.bind(running.keycloak);
    running.keycloak.get = async (at, query) => {
      await gate.promise;
      return ask(at, query);
    };
    const link = `${path}?token=${FIRST_TOKEN}`;
    const waiting = Array.from({ length: 9 }, () => get(running, link));
    const first = await Promise.race(waiting);
    assert.deepEqual([first.status, first.answer.headers["retry-after"]], [503, "5"]);
    gate.resolve();
    const all = (await Promise.all(waiting)).map(({ status }) => status);
    assert.deepEqual(all.sort(), [...Array(8).fill(200), 503]);
  });

  it("say nothing of what broke inside", async () => {
    const running = await opened(withoutAdmin());
    running.keycloak.get = () => Promise.reject(new Error("secret at file.ts:1"));
    const { status, page } = await get(running, `${path}?token=${FIRST_TOKEN}`);
    assert.deepEqual([status, page.heading], [500, "Something went wrong here"]);
    assert.deepEqual(page.paragraphs, ["Try again, and tell the administrators if it stays."]);
  });
});
