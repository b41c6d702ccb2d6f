import assert from "node:assert/strict";
import { addToSeries, createEvent } from "../../../../services/admission/events/event-series.ts";
import { refusalEvent } from "../../../../services/admission/events/refusal-event.ts";
import { KubeError } from "../../../../services/lib/kube/errors.ts";
import { Events } from "./stored-events.ts";

const controller = { apiVersion: "a/v1", kind: "A", namespace: "work", name: "a", uid: "u" };
const event = refusalEvent("e", controller, { reason: "GroupUnknown", message: "no" }, { nowMs: 0, instance: "i" });
const isCode = (code: number) => (error: unknown) => error instanceof KubeError && error.code === code;

describe("createEvent", () => {
  it("writes it once, whoever was first", async () => {
    const server = new Events();
    assert.equal(await createEvent(server, event), true);
    assert.equal(await createEvent(server, event), false);
    assert.deepEqual(server.stored(), [event]);
  });

  it("passes on what else the API server says", async () => {
    const server = new Events();
    server.refuse(403);
    await assert.rejects(createEvent(server, event), isCode(403));
  });
});

describe("addToSeries", () => {
  it("counts on from what is there, with the time of the last", async () => {
    const server = new Events();
    await createEvent(server, event);
    await addToSeries(server, event, 3, 1000);
    const series = (count: number, second: number) => ({
      count,
      lastObservedTime: `1970-01-01T00:00:0${second}.000000Z`,
    });
    assert.deepEqual(server.stored(), [{ ...event, series: series(4, 1) }]);
    await addToSeries(server, event, 1, 2000);
    assert.deepEqual(server.stored(), [{ ...event, series: series(5, 2) }]);
  });

  it("loses no count where replicas add at once", async () => {
    const server = new Events();
    await createEvent(server, event);
    await Promise.all([1, 2, 3].map((more) => addToSeries(server, event, more, 1000)));
    assert.deepEqual(server.stored(), [
      { ...event, series: { count: 7, lastObservedTime: "1970-01-01T00:00:01.000000Z" } },
    ]);
  });

  it("gives up after four conflicts, and at once on anything else", async () => {
    const server = new Events();
    await assert.rejects(addToSeries(server, event, 1, 0), isCode(404));
    await createEvent(server, event);
    server.conflictAlways();
    await assert.rejects(addToSeries(server, event, 1, 0), isCode(409));
    assert.equal(server.calls, 1 + 1 + 8);
  });
});
