import assert from "node:assert/strict";
import { AdminEventFeed } from "../../../../services/lib/keycloak/admin-events.ts";
import type { AdminEvent } from "../../../../services/lib/keycloak/types.ts";

describe("AdminEventFeed", () => {
  let events: AdminEvent[];
  let asked: unknown[];
  let feed: AdminEventFeed;
  const add = (id: string, time: number): void => {
    events.push({
      id,
      time,
      operationType: "CREATE",
      resourceType: "GROUP_MEMBERSHIP",
      resourcePath: `users/u/groups/${id}`,
    });
  };
  beforeEach(() => {
    events = [];
    asked = [];
    const get = async (_at: string, query: { dateFrom?: number; max: number }): Promise<AdminEvent[]> => {
      asked.push(query);
      const found = events.filter(({ time }) => time >= (query.dateFrom ?? 0)).sort((a, b) => b.time - a.time);
      return found.slice(0, query.max);
    };
    feed = new AdminEventFeed({ client: { get: get as never }, resourceTypes: ["GROUP"] });
  });
  const next = async (): Promise<string> => (await feed.next()).events.map(({ id }) => id).join(" ");

  it("tells what comes after its beginning, once and in order", async () => {
    add("old", 100_000);
    assert.equal(await next(), "");
    add("b", 101_000);
    add("c", 102_000);
    assert.equal(await next(), "b c");
    assert.equal(await next(), "");
    assert.deepEqual(asked.slice(0, 2), [
      { max: 1, resourceTypes: ["GROUP"] },
      { dateFrom: 90_000, max: 1_000, resourceTypes: ["GROUP"] },
    ]);
  });

  it("tells what becomes visible late, with an earlier time", async () => {
    add("old", 100_000);
    await next();
    add("b", 105_000);
    await next();
    add("late", 97_000);
    assert.equal(await next(), "late");
    assert.equal(await next(), "");
  });

  it("begins before the first event of a realm too", async () => {
    assert.equal(await next(), "");
    add("first", 500_000);
    assert.equal(await next(), "first");
  });

  it("says when there was more than it can tell", async () => {
    await next();
    for (let i = 0; i < 1_000; i++) add(`e${i}`, 1_000 + i);
    assert.equal((await feed.next()).isIncomplete, true);
  });
});
