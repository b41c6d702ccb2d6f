import assert from "node:assert/strict";
import { KeyService } from "../../../../services/ssh/login/key-directory.ts";
import { closeScripted, scripted } from "../support/hubs.ts";

const key = { user: "ada", algorithm: "ssh-ed25519", key: Buffer.from("key") };
const login = { ...key, signed: Buffer.from("signed"), signature: Buffer.from("signature") };

describe("KeyService", () => {
  afterEach(closeScripted);

  it("sends the key, and with a login what was signed, under its own secret", async () => {
    const bodies: unknown[] = [];
    const { url, requests } = await scripted({
      "POST /": (request, response) => {
        request.on("data", (text: Buffer) => bodies.push(JSON.parse(text.toString())));
        request.on("end", () => response.end('{"token":"short-lived"}'));
      },
    });
    const service = new KeyService(url, "secret");
    assert.equal(await service.isRegistered(key), true);
    assert.deepEqual(await service.tokenFor(login), { ok: true, token: "short-lived" });
    const named = { user: "ada", algorithm: "ssh-ed25519", key: "a2V5" };
    assert.deepEqual(bodies, [named, { ...named, signed: "c2lnbmVk", signature: "c2lnbmF0dXJl" }]);
    assert.deepEqual(
      requests.map(([, authorization]) => authorization),
      ["token secret", "token secret"],
    );
  });

  it("tells a refusal from a service that fails", async () => {
    const refusing = new KeyService((await scripted({ "POST /": 403 })).url, "secret");
    const refused = { ok: false, reason: "refused" } as const;
    assert.deepEqual(await refusing.tokenFor(login), { ...refused, detail: "the key service gives no reason" });
    assert.equal(await refusing.isRegistered(key), false);
    const message = `the person is unknown or disabled${".".repeat(200)}`;
    const telling = await scripted({
      "POST /": (_request, response) => {
        response.statusCode = 403;
        response.end(JSON.stringify({ message }));
      },
    });
    assert.deepEqual(await new KeyService(telling.url, "secret").tokenFor(login), {
      ...refused,
      detail: message.slice(0, 200),
    });
    const failing = new KeyService((await scripted({ "POST /": 500 })).url, "secret");
    assert.deepEqual(await failing.tokenFor(login), {
      ok: false,
      reason: "unavailable",
      detail: "the key service answered 500",
    });
    const gone = await scripted({});
    closeScripted();
    const answer = await new KeyService(gone.url, "secret").tokenFor(login);
    assert.equal(answer.ok || answer.reason, "unavailable");
    assert.equal(await new KeyService(gone.url, "secret").isRegistered(key), false);
  });
});
