import assert from "node:assert/strict";
import { cut, EventWriter } from "../../../services/controllers/events.ts";
import { createLogger } from "../../../services/lib/log.ts";

const regarding = { apiVersion: "v1", kind: "ConfigMap", namespace: "ns", name: "carrel-realm" };
const happening = { type: "Warning", reason: "DriftRepaired", action: "Reconcile", note: "n".repeat(2_000) } as const;

describe("EventWriter", () => {
  const lines: string[] = [];
  const log = createLogger({ write: (line) => void lines.push(line) });
  const clock = { now: () => 0, monotonicMs: () => 0, sleep: async () => {} };

  it("writes an event that the API server takes", async () => {
    const made: unknown[] = [];
    const create = async (...args: unknown[]): Promise<never> => made.push(args) as never;
    await new EventWriter({ client: { create }, clock, log, instance: "pod-1" }).write(regarding, happening);
    const [[ref, namespace, { metadata, ...event }]] = made as [[object, string, { metadata: { name: string } }]];
    assert.deepEqual(ref, { apiVersion: "events.k8s.io/v1", kind: "Event", plural: "events", namespaced: true });
    assert.match(metadata.name, /^carrel-realm\.[0-9a-f-]{36}$/);
    assert.deepEqual(
      [namespace, event],
      [
        "ns",
        {
          apiVersion: "events.k8s.io/v1",
          kind: "Event",
          type: "Warning",
          reason: "DriftRepaired",
          action: "Reconcile",
          note: `${"n".repeat(1_021)}...`,
          eventTime: "1970-01-01T00:00:00.000000Z",
          regarding,
          reportingController: "carrel.dev/controllers",
          reportingInstance: "pod-1",
        },
      ],
    );
  });

  it("stops nothing where it cannot", async () => {
    const create = (): Promise<never> => Promise.reject(new Error("forbidden"));
    await new EventWriter({ client: { create }, clock, log, instance: "pod-1" }).write(regarding, happening);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /"event":"event-unwritten","reason":"forbidden"/);
  });

  it("cuts between characters", () => {
    assert.deepEqual([cut("abc", 3), cut("ééé", 6), cut("éééé", 6), cut("éééé", 7)], ["abc", "ééé", "é...", "éé..."]);
  });
});
