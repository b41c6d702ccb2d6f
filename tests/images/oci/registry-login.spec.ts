import assert from "node:assert/strict";
import { blobOf, mediaTypes } from "../../../images/oci/content.ts";
import { basicOf, FakeRegistry, user } from "./fake-registry.ts";

const layer = blobOf(mediaTypes.layer, Buffer.from("layer"));

describe("Registry, who logs in", () => {
  let fake: FakeRegistry;
  beforeEach(async () => {
    fake = await FakeRegistry.start();
  });
  afterEach(() => fake.http.close());

  const withAuthorization = (): (string | undefined)[][] =>
    fake.http.seen.map(({ method, path, headers }) => [`${method} ${path}`, headers.authorization]);
  const refused = (what: string) => ({
    name: "UserError",
    code: "registry",
    message: `registry ${fake.host} answered 401 for ${what}: log in with \`docker login\` or set DOCKER_CONFIG`,
  });

  it("gives a password where the registry asks for one, and at once from then on", async () => {
    fake.door = "basic";
    const registry = fake.client(user);
    assert.equal(await registry.hasBlob("a", layer.digest), false);
    assert.equal(await registry.hasBlob("a", layer.digest), false);
    const head = `HEAD /v2/a/blobs/${layer.digest}`;
    assert.deepEqual(withAuthorization(), [
      [head, undefined],
      [head, basicOf(user)],
      [head, basicOf(user)],
    ]);
  });

  it("fetches one token for each scope, and pushes with it, body and all", async () => {
    fake.door = "bearer";
    const registry = fake.client(user);
    await registry.pushBlob("a", layer);
    await registry.pushBlob("a", layer);
    const scopes = fake.http.seen.filter(({ path }) => path === "/token").map(({ query }) => query);
    assert.deepEqual(scopes, [
      { x: "1", scope: "repository:a:pull", service: "the registry" },
      { x: "1", scope: "repository:a:pull,push", service: "the registry" },
    ]);
    const head = `HEAD /v2/a/blobs/${layer.digest}`;
    assert.deepEqual(withAuthorization(), [
      [head, undefined],
      ["GET /token", basicOf(user)],
      [head, "Bearer t1"],
      ["POST /v2/a/blobs/uploads/", undefined],
      ["GET /token", basicOf(user)],
      ["POST /v2/a/blobs/uploads/", "Bearer t2"],
      ["PUT /v2/a/blobs/uploads/1", "Bearer t2"],
      [head, "Bearer t1"],
    ]);
    assert.deepEqual(fake.blobs.get(`a@${layer.digest}`), layer.bytes);
  });

  it("fetches another token when one has expired", async () => {
    fake.door = "bearer";
    const registry = fake.client(user);
    await registry.hasBlob("a", layer.digest);
    fake.revoke();
    assert.equal(await registry.hasBlob("a", layer.digest), false);
    assert.equal(fake.http.seen.at(-1)?.headers.authorization, "Bearer t2");
  });

  it("says how to log in when nobody is known, or the wrong one", async () => {
    fake.door = "basic";
    await assert.rejects(fake.client().manifest("a", "v1"), refused("manifest a@v1"));
    await assert.rejects(fake.client({ username: "me", password: "no" }).manifest("a", "v1"), refused("manifest a@v1"));
    fake.door = "bearer";
    await assert.rejects(fake.client().blob("a", layer.digest), refused(`blob a@${layer.digest}`));
    assert.equal(fake.http.seen.at(-1)?.headers.authorization, undefined);
  });

  it("says so too for a challenge that it does not understand, or none, or an answer without a token", async () => {
    const challenges = ["Negotiate", 'Bearer service="x"', undefined];
    for (const challenge of challenges) {
      fake.http.next.push((_seen, response) =>
        response.writeHead(401, challenge === undefined ? {} : { "www-authenticate": challenge }).end(),
      );
      await assert.rejects(fake.client(user).manifest("a", "v1"), refused("manifest a@v1"));
    }
    fake.door = "bearer";
    const challenge = { "www-authenticate": `Bearer realm="${fake.http.url}/token"` };
    fake.http.next.push(
      (_seen, response) => response.writeHead(401, challenge).end(),
      (_seen, response) => response.end("{}"),
    );
    await assert.rejects(fake.client(user).manifest("a", "v1"), refused("manifest a@v1"));
    assert.deepEqual(fake.http.seen.at(-1)?.query, { scope: "repository:a:pull" });
  });

  it("names the token server that does not answer", async () => {
    const gone = await FakeRegistry.start();
    await gone.http.close();
    fake.http.next.push((_seen, response) =>
      response.writeHead(401, { "www-authenticate": `Bearer realm="http://${gone.host}/token"` }).end(),
    );
    await assert.rejects(fake.client(user).manifest("a", "v1"), {
      name: "UserError",
      code: "registry-unreachable",
      message: `token server ${gone.host} of registry ${fake.host} cannot be reached (fetch failed: connect ECONNREFUSED ${gone.host}): start it, or correct images.registry`,
    });
  });
});
