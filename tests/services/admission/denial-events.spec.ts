import assert from "node:assert/strict";
import { DenialEvents, type EventResult } from "../../../services/admission/denial-events.ts";
import type { Clock } from "../../../services/lib/clock.ts";
import { Events } from "./events/stored-events.ts";
import { keptLog } from "./mutating.ts";

const START = Date.parse("2026-01-02T03:00:00Z");
const SECOND = 1_000;
const MINUTE = 60_000;

const pod = (uid: string, more: object = {}, apiVersion = "carrel.dev/v1") => ({
  operation: "CREATE",
  namespace: "work",
  object: {
    metadata: { ownerReferences: [{ apiVersion, kind: "Notebook", name: "lab", uid, controller: true }] },
  },
  ...more,
});
const denied = (message = "full") => ({ reason: "QuotaExceeded", message }) as const;

/** Events of a process whose time goes when the test says so. */
class Process {
  readonly server: Events;
  readonly kept = keptLog();
  readonly results = new Map<EventResult, number>();
  readonly events: DenialEvents;
  readonly #stop = new AbortController();
  #now = 0;
  #wake: (() => void) | undefined;
  #wakeAt = 0;

  constructor(server = new Events(), instance = "admission-1") {
    this.server = server;
    const clock: Clock = {
      now: () => START + this.#now,
      monotonicMs: () => this.#now,
      sleep: (ms) =>
        new Promise((resolve) => {
          this.#wakeAt = this.#now + ms;
          this.#wake = resolve;
        }),
    };
    const onResult = (result: EventResult, occurrences: number): void => {
      this.results.set(result, (this.results.get(result) ?? 0) + occurrences);
    };
    this.events = new DenialEvents({ client: server, clock, log: this.kept.log, instance, onResult });
    void this.events.run(this.#stop.signal);
  }

  get counts(): object {
    return Object.fromEntries(this.results);
  }

  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    while (this.#wakeAt <= until) {
      this.#now = this.#wakeAt;
      this.#wake?.();
      // All writes of a tick are answered before the next one begins.
      await new Promise(setImmediate);
    }
    this.#now = until;
  }

  stop(): void {
    this.#stop.abort();
    this.#wake?.();
  }
}

const eventOf = (object: unknown) => {
  const { note, reason, series, regarding, reportingInstance } = object as Record<string, unknown>;
  const { count } = (series ?? {}) as { count?: number };
  return { note, reason, count, of: (regarding as { uid: string }).uid, by: reportingInstance };
};

describe("DenialEvents", () => {
  let process: Process;
  const written = () => process.server.stored().map(eventOf);
  const one = { note: "full", reason: "QuotaExceeded", of: "u", by: "admission-1" };
  beforeEach(() => {
    process = new Process();
  });
  afterEach(() => process.stop());

  it("writes a refusal within a second, and asks nothing before", async () => {
    process.events.record(pod("u"), denied());
    await process.pass(SECOND - 1);
    assert.equal(process.server.calls, 0);
    await process.pass(1);
    assert.deepEqual(written(), [{ ...one, count: undefined }]);
    assert.deepEqual(process.counts, { created: 1 });
  });

  const silent: Readonly<Record<string, object>> = {
    "a dry run": pod("u", { dryRun: true }),
    "a change of a pod": pod("u", { operation: "UPDATE" }),
    "a pod without a controller": { ...pod("u"), object: { metadata: {} } },
  };
  for (const [what, review] of Object.entries(silent)) {
    it(`says nothing of ${what}`, async () => {
      process.events.record(review, denied());
      await process.pass(MINUTE);
      assert.deepEqual([process.server.calls, process.counts], [0, {}]);
    });
  }

  it("counts the same refusal in one event, at most once a minute", async () => {
    for (let i = 0; i < 3; i++) process.events.record(pod("u"), denied());
    await process.pass(SECOND);
    assert.deepEqual(written(), [{ ...one, count: 3 }]);
    const { calls } = process.server;
    for (let i = 0; i < 40; i++) {
      process.events.record(pod("u"), denied());
      await process.pass(SECOND);
    }
    assert.equal(process.server.calls, calls);
    await process.pass(MINUTE);
    assert.deepEqual(written(), [{ ...one, count: 43 }]);
    assert.equal(process.server.calls, calls + 2);
    assert.deepEqual(process.counts, { created: 1, counted: 42 });
  });

  it("says its reason once of what Kubernetes' own controllers count", async () => {
    for (let i = 0; i < 5; i++) {
      process.events.record(pod("u", {}, "apps/v1"), denied());
      await process.pass(MINUTE);
    }
    assert.deepEqual(written(), [{ ...one, count: undefined }]);
    assert.deepEqual([process.counts, process.server.calls], [{ created: 1 }, 1]);
  });

  it("makes another event of another reason, message or controller, and after ten minutes", async () => {
    process.events.record(pod("u"), denied());
    process.events.record(pod("u"), denied("fuller"));
    process.events.record(pod("u"), { ...denied(), reason: "GroupUnknown" });
    process.events.record(pod("v"), denied());
    await process.pass(9 * MINUTE);
    process.events.record(pod("u"), denied());
    await process.pass(MINUTE);
    process.events.record(pod("u"), denied());
    await process.pass(SECOND);
    const found = written().map(({ note, reason, of, count }) => [note, reason, of, count]);
    assert.deepEqual(found, [
      ["full", "QuotaExceeded", "u", 2],
      ["fuller", "QuotaExceeded", "u", undefined],
      ["full", "GroupUnknown", "u", undefined],
      ["full", "QuotaExceeded", "v", undefined],
      ["full", "QuotaExceeded", "u", undefined],
    ]);
  });

  it("is one event of two replicas, with the count of both", async () => {
    const other = new Process(process.server, "admission-2");
    for (const { events } of [process, other]) for (let i = 0; i < 2; i++) events.record(pod("u"), denied());
    await process.pass(SECOND);
    await other.pass(SECOND);
    other.stop();
    assert.deepEqual(written(), [{ ...one, count: 4 }]);
  });

  it("drops what differs too often of one controller, and of no other", async () => {
    for (let i = 0; i < 9; i++) process.events.record(pod("u"), denied(`used ${i}`));
    process.events.record(pod("v"), denied());
    await process.pass(3 * SECOND);
    assert.deepEqual(
      written().map(({ note }) => note),
      ["used 0", "used 1", "used 2", "used 3", "used 4", "full"],
    );
    assert.deepEqual(process.counts, { created: 6, dropped: 4 });
    await process.pass(2 * MINUTE);
    for (let i = 20; i < 22; i++) process.events.record(pod("u"), denied(`used ${i}`));
    assert.deepEqual(process.counts, { created: 6, dropped: 5 });
  });

  it("keeps no more than 512 to write, and writes five a second", async () => {
    for (let i = 0; i < 600; i++) process.events.record(pod(`u${i}`), denied());
    assert.deepEqual(process.counts, { dropped: 88 });
    await process.pass(SECOND);
    assert.equal(process.server.calls, 5);
    await process.pass(10 * SECOND);
    assert.deepEqual(process.counts, { dropped: 88, created: 55 });
    process.events.record(pod("late"), denied());
    await process.pass(2 * MINUTE);
    assert.deepEqual(process.counts, { dropped: 88, created: 513 });
  });

  it("counts on in an event that it has forgotten", async () => {
    process.events.record(pod("u"), denied());
    await process.pass(SECOND);
    for (let i = 0; i < 400; i++) process.events.record(pod(`u${i}`), denied());
    await process.pass(SECOND);
    process.events.record(pod("u"), denied());
    await process.pass(3 * MINUTE);
    assert.deepEqual(written()[0], { ...one, count: 2 });
  });

  it("leaves the API server alone after a failure, says so once, and begins again", async () => {
    process.server.refuse(403);
    for (let i = 0; i < 4; i++) process.events.record(pod(`u${i}`), denied());
    await process.pass(SECOND);
    assert.equal(process.server.calls, 1);
    await process.pass(MINUTE);
    assert.equal(process.server.calls, 3);
    const line = { level: "warn", event: "event-unwritten", namespace: "work", reason: "events: HTTP 403" };
    assert.deepEqual(process.kept.lines, [line]);
    process.server.refuse(undefined);
    await process.pass(MINUTE);
    assert.deepEqual(process.counts, { failed: 3, created: 1 });
    process.server.refuse(500);
    process.events.record(pod("again"), denied());
    await process.pass(MINUTE);
    assert.deepEqual(process.kept.lines, [line, { ...line, reason: "events: HTTP 500" }]);
  });

  it("takes an event that is gone for no failure of the others", async () => {
    process.events.record(pod("u"), denied());
    await process.pass(SECOND);
    for (const { metadata } of process.server.stored() as { metadata: { name: string } }[]) {
      process.server.remove(metadata.name);
    }
    process.events.record(pod("u"), denied());
    await process.pass(MINUTE);
    process.events.record(pod("v"), denied());
    await process.pass(SECOND);
    assert.deepEqual([process.counts, process.kept.lines], [{ created: 2, failed: 1 }, []]);
  });

  it("writes nothing more once it is stopped", async () => {
    process.events.record(pod("u"), denied());
    process.stop();
    await new Promise(setImmediate);
    assert.equal(process.server.calls, 0);
  });
});
