import assert from "node:assert/strict";
import { isOwnPort } from "../../../../services/ssh/gateway/forward.ts";

describe("isOwnPort", () => {
  it("is a port of the pod's loopback and nothing else", () => {
    const own = ["localhost", "LOCALHOST", "127.0.0.1", "::1", "[::1]"];
    const others = [
      "127.0.0.2",
      "0.0.0.0",
      "::",
      "10.0.0.1",
      "169.254.169.254",
      "localhost.evil.test",
      "127.1",
      "",
      " localhost",
    ];
    const isOwn = (destIP: string): boolean => isOwnPort({ destIP, destPort: 80 });
    assert.deepEqual([own.every(isOwn), others.some(isOwn)], [true, false]);
    assert.deepEqual(
      [0, 1, 65_535, 65_536].map((destPort) => isOwnPort({ destIP: "localhost", destPort })),
      [false, true, true, false],
    );
  });
});
