import assert from "node:assert/strict";
import { GatewayMetrics } from "../../../services/ssh/metrics.ts";

describe("GatewayMetrics", () => {
  it("counts logins, channels and connections without a name of anybody", () => {
    const metrics = new GatewayMetrics(() => [[{ state: "logged-in" }, 2]]);
    metrics.logins.add({ method: "password", result: "accepted" });
    metrics.channels.add({ kind: "exec" }, 3);
    metrics.refused.add();
    const lines = metrics
      .render()
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    assert.deepEqual(lines, [
      'carrel_ssh_connections{state="logged-in"} 2',
      'carrel_ssh_logins_total{method="password",result="accepted"} 1',
      'carrel_ssh_channels_total{kind="exec"} 3',
      "carrel_ssh_connections_refused_total 1",
    ]);
  });
});
