import assert from "node:assert/strict";
import { KeycloakClient, path } from "../../../../services/lib/keycloak/client.ts";
import { json, type ScriptedServer, scriptedServer, text } from "../kube/scripted-server.ts";

const SECRET = "very-secret";
const TOKEN = "/realms/master/protocol/openid-connect/token";

describe("KeycloakClient", () => {
  let server: ScriptedServer;
  let client: KeycloakClient;
  const clientWith = (timeoutMs: number): KeycloakClient => {
    const credentials = { realm: "master", clientId: "c", secret: () => SECRET };
    return new KeycloakClient({ url: `${server.url}/`, realm: "a b", credentials, timeoutMs });
  };
  beforeEach(async () => {
    server = await scriptedServer();
    client = clientWith(5_000);
    server.next.push(json(200, { access_token: "token-1", expires_in: 300 }));
  });
  afterEach(() => server.close());
  const sent = (): string[] =>
    server.seen.map(({ method, path: at, query }) => `${method} ${at} ${new URLSearchParams(query)}`.trim());

  it("asks below its realm with its token", async () => {
    server.next.push(json(200, { id: "x" }));
    assert.deepEqual(await client.get(path`/groups/${"a/b"}`, { max: 1, none: undefined, types: ["A", "B"] }), {
      id: "x",
    });
    const [token, asked] = server.seen;
    assert.equal(token?.body, `grant_type=client_credentials&client_id=c&client_secret=${SECRET}`);
    assert.deepEqual(sent(), [`POST ${TOKEN}`, "GET /admin/realms/a%20b/groups/a%2Fb max=1&types=B"]);
    assert.equal(asked?.headers.authorization, "Bearer token-1");
  });

  it("answers the id of what was made, and sends bodies as JSON", async () => {
    server.next.push(json(201, {}, { location: `${server.url}/admin/realms/r/groups/the-id` }), json(204, {}));
    assert.equal(await client.post("/groups", { name: "n" }), "the-id");
    await client.delete("/x", [{ a: 1 }]);
    assert.deepEqual(
      server.seen.slice(1).map(({ method, body }) => `${method} ${body}`),
      ['POST {"name":"n"}', 'DELETE [{"a":1}]'],
    );
  });

  it("reads every page", async () => {
    const full = Array.from({ length: 500 }, (_, i) => i);
    server.next.push(json(200, full), json(200, [500]));
    assert.equal((await client.all("/users", { q: 1 })).length, 501);
    assert.deepEqual(sent().slice(1), [
      "GET /admin/realms/a%20b/users q=1&first=0&max=500",
      "GET /admin/realms/a%20b/users q=1&first=500&max=500",
    ]);
  });

  it("takes a new token once where the old one is refused", async () => {
    const again = json(200, { access_token: "token-2", expires_in: 300 });
    server.next.push(json(401, {}), again, json(200, 7));
    assert.equal(await client.get("/x"), 7);
    assert.equal(server.seen.at(-1)?.headers.authorization, "Bearer token-2");
    server.next.push(json(401, {}), again, json(401, {}));
    await assert.rejects(client.get("/x"), { code: "keycloak-401" });
  });

  it("says what Keycloak complains of, and when to come back", async () => {
    server.next.push(json(409, { errorMessage: "exists" }));
    await assert.rejects(client.post("/groups", {}), {
      code: "keycloak-409",
      message: "Keycloak answers 409 to POST /admin/realms/a%20b/groups: exists",
    });
    server.next.push(json(503, {}, { "retry-after": "7" }));
    await assert.rejects(client.get("/x"), {
      retryAfterMs: 7_000,
      message: "Keycloak answers 503 to GET /admin/realms/a%20b/x",
    });
    server.next.push(json(403, {}));
    await assert.rejects(client.get("/x"), {
      message:
        'client "c" may not GET /admin/realms/a%20b/x: give its service account the role of realm-management that allows it',
    });
  });

  it("follows no redirect with its token", async () => {
    server.next.push((_seen, response) => response.writeHead(302, { location: "/elsewhere" }).end());
    await assert.rejects(client.get("/x"), {
      message: `${server.url} redirects GET /admin/realms/a%20b/x to /elsewhere: write where Keycloak itself is`,
    });
    assert.equal(server.seen.length, 2);
  });

  it("says that its credentials are refused, without the secret", async () => {
    const refusal = json(401, {
      error: "unauthorized_client",
      error_description: "Invalid client or Invalid client credentials",
    });
    server.next.length = 0;
    server.next.push(refusal, refusal, json(404, {}), json(403, {}), json(500, {}));
    await assert.rejects(client.get("/x"), {
      message: `Keycloak at ${server.url} refuses client "c" of realm "master": Invalid client or Invalid client credentials: check the client and its secret`,
    });
    assert.equal(await client.isKnown(), false);
    await assert.rejects(client.get("/x"), {
      message: `Keycloak at ${server.url} has no realm "master": make it first`,
    });
    assert.equal(await client.isKnown(), false, "the realm is disabled, as one that was not finished");
    await assert.rejects(client.isKnown(), { code: "keycloak-500" });
  });

  it("gives up on an answer that does not come, or that is cut off twice", async () => {
    const silent = (): void => {};
    server.next.unshift(silent);
    await assert.rejects(clientWith(50).get("/slow"), {
      code: "keycloak-unreachable",
      message: `Keycloak at ${server.url} does not answer POST ${TOKEN} within 50 ms: see whether it runs and is reachable from here`,
    });
    server.next.push((_seen, response) => response.destroy(), text(200, "ok"));
    assert.equal(await client.get("/cut"), "ok");
    server.next.push((_seen, response) => response.destroy());
    await assert.rejects(client.put("/cut", {}), /does not answer PUT/);
  });

  it("makes a realm beside its own, and sees it with a new token", async () => {
    server.next.push(json(201, {}), json(200, { access_token: "token-2", expires_in: 300 }), json(200, {}));
    await client.createRealm({ realm: "new", enabled: true });
    await client.get("");
    assert.deepEqual(sent(), [`POST ${TOKEN}`, "POST /admin/realms", `POST ${TOKEN}`, "GET /admin/realms/a%20b"]);
  });
});
