import assert from "node:assert/strict";
import { get } from "node:http";
import { healthServer } from "../../../services/lib/health-server.ts";
import { closed, listening, portOf } from "../admission/https-server.ts";

describe("healthServer", () => {
  it("answers /livez, /readyz with the reason, /metrics, and 404", async () => {
    let reason: string | undefined;
    const server = healthServer({ metrics: () => "up 1\n", notReady: () => reason });
    await listening(server);
    const ask = (path: string): Promise<unknown[]> =>
      new Promise((resolve, reject) => {
        get({ host: "127.0.0.1", port: portOf(server), path, agent: false }, (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk: string) => {
            text += chunk;
          });
          response.on("end", () => resolve([response.statusCode, response.headers["content-type"], text]));
        }).on("error", reject);
      });
    const plain = "text/plain; charset=utf-8";
    assert.deepEqual(await ask("/livez"), [200, plain, "ok\n"]);
    assert.deepEqual(await ask("/readyz"), [200, plain, "ok\n"]);
    reason = "draining";
    assert.deepEqual(await ask("/readyz"), [503, plain, "draining\n"]);
    assert.deepEqual(await ask("/livez"), [200, plain, "ok\n"]);
    assert.deepEqual(await ask("/metrics"), [200, "text/plain; version=0.0.4; charset=utf-8", "up 1\n"]);
    assert.deepEqual(await ask("/none"), [404, plain, "not found\n"]);
    await closed(server);
  });
});
