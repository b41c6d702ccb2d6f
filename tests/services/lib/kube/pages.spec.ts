import assert from "node:assert/strict";
import fc from "fast-check";
import { type FetchPage, type Page, type PageQuery, pagesOf } from "../../../../services/lib/kube/pages.ts";

const headOf = (token: string): string =>
  `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"${token}","remainingItemCount":3},"items":[{`;
const page = (items: readonly number[], next = ""): Page<number> => ({
  items: [...items],
  metadata: { resourceVersion: "7", continue: next },
});

/** A server whose answers are given by hand. */
class Desk {
  readonly asked: PageQuery[] = [];
  readonly #open: {
    readonly onHead: (head: string) => void;
    readonly give: (page: Page<number>) => void;
    readonly fail: (error: Error) => void;
  }[] = [];

  readonly fetch: FetchPage<number> = (query, onHead) => {
    this.asked.push(query);
    return new Promise((give, fail) => this.#open.push({ onHead, give, fail }));
  };

  at(request: number) {
    const found = this.#open[request];
    assert.ok(found, `there is no request ${request}`);
    return found;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("pagesOf", () => {
  it("asks for a page when the one before begins to come, and for none beyond that", async () => {
    const desk = new Desk();
    const pages = pagesOf(desk.fetch, 2);
    const first = pages.next();
    desk.at(0).onHead(headOf("b"));
    await turn();
    assert.deepEqual(desk.asked, [{ limit: 2 }, { limit: 2, continue: "b" }]);
    desk.at(1).onHead(headOf("c"));
    desk.at(1).give(page([3], "c"));
    desk.at(0).give(page([1, 2], "b"));
    assert.deepEqual((await first).value, page([1, 2], "b"));
    await turn();
    assert.equal(desk.asked.length, 2, "the third is asked for when the first was read");
    const second = pages.next();
    await turn();
    assert.deepEqual(desk.asked[2], { limit: 2, continue: "c" });
    assert.deepEqual((await second).value, page([3], "c"));
    const third = pages.next();
    desk.at(2).give(page([]));
    assert.deepEqual((await third).value, page([]));
    assert.deepEqual(await pages.next(), { done: true, value: undefined });
  });

  it("knows from the whole page what its beginning did not tell", async () => {
    const beginnings = [
      '{"metadata":{"resourceVersion":"7","continue":"x"},',
      '{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7","con',
      '{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"continue":"x"}}]',
      "",
    ];
    for (const beginning of beginnings) {
      const desk = new Desk();
      const pages = pagesOf(desk.fetch, 2);
      const first = pages.next();
      desk.at(0).onHead(beginning);
      await turn();
      assert.equal(desk.asked.length, 1, beginning);
      desk.at(0).give(page([1], "b"));
      await first;
      void pages.next();
      await turn();
      assert.deepEqual(desk.asked[1], { limit: 2, continue: "b" });
    }
  });

  it("fails where a page fails, also one that was asked for ahead", async () => {
    const desk = new Desk();
    const pages = pagesOf(desk.fetch, 2);
    const first = pages.next();
    desk.at(0).onHead(headOf("b"));
    await turn();
    desk.at(1).fail(new Error("gone"));
    await turn();
    desk.at(0).give(page([1], "b"));
    assert.deepEqual((await first).value, page([1], "b"));
    await assert.rejects(pages.next(), new Error("gone"));
    assert.deepEqual(await pages.next(), { done: true, value: undefined });
  });

  it("has every object once and in order, however its pages are cut and come", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1 }),
        fc.boolean(),
        async (all, tells) => {
          const fetch: FetchPage<number> = async ({ continue: token = "0" }, onHead) => {
            const at = Number(token);
            const next = at + 1 < all.length ? String(at + 1) : "";
            if (tells && next !== "") onHead(headOf(next));
            await turn();
            return page(all[at] ?? [], next);
          };
          const got: number[] = [];
          for await (const { items } of pagesOf(fetch, 3)) got.push(...(items ?? []));
          assert.deepEqual(got, all.flat());
        },
      ),
      { numRuns: 50 },
    );
  });
});
