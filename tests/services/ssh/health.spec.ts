import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { healthServer } from "../../../services/ssh/health.ts";

describe("healthServer", () => {
  it("answers probes and scrapes, and says why nobody should come", async () => {
    let reason: string | undefined;
    const server = healthServer({ metrics: () => "a 1\n", notReady: () => reason }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const get = async (path: string): Promise<[number, string]> => {
      const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
      return [answer.status, await answer.text()];
    };
    const ready = await Promise.all(["/livez", "/readyz", "/metrics", "/"].map(get));
    reason = "draining";
    const draining = await Promise.all(["/livez", "/readyz"].map(get));
    server.close();
    server.closeAllConnections();
    assert.deepEqual(
      [ready, draining],
      [
        [
          [200, "ok\n"],
          [200, "ok\n"],
          [200, "a 1\n"],
          [404, "not found\n"],
        ],
        [
          [200, "ok\n"],
          [503, "draining\n"],
        ],
      ],
    );
  });
});
