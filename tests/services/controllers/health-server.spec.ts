import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { healthServer } from "../../../services/controllers/health-server.ts";

describe("healthServer", () => {
  it("answers metrics, life and readiness", async () => {
    let reason: string | undefined = "the realm is not ready yet";
    const server = healthServer({ metrics: () => "m 1\n", notReady: () => reason }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const get = async (at: string): Promise<string> => {
      const answer = await fetch(`http://127.0.0.1:${port}${at}`);
      return `${answer.status} ${await answer.text()}`;
    };
    assert.deepEqual(
      [await get("/metrics"), await get("/livez"), await get("/readyz"), await get("/other")],
      ["200 m 1\n", "200 ok\n", "503 the realm is not ready yet\n", "404 not found\n"],
    );
    reason = undefined;
    assert.equal(await get("/readyz"), "200 ok\n");
    server.close();
    server.closeAllConnections();
  });
});
