import assert from "node:assert/strict";
import { guardWebhook } from "../../../services/admission/guard-webhook.ts";
import { changed, creation, responseTo, unchanged } from "./mutating.ts";

const guard = { name: "admission-is-not-found", image: "admission-is-not-found" };
const pod = (...initContainers: object[]): object => ({
  metadata: { name: "work" },
  spec: { containers: [{ name: "main" }], ...(initContainers.length === 0 ? {} : { initContainers }) },
});
const removal = (position: number): object[] => [
  { op: "test", path: `/spec/initContainers/${position}/name`, value: "admission-is-not-found" },
  { op: "remove", path: `/spec/initContainers/${position}` },
];

const ask = (object: object | null, problem: () => string | undefined = () => undefined): Promise<unknown> =>
  responseTo(guardWebhook(problem), creation(object));

describe("guard.carrel.dev", () => {
  it("removes the guard where quota can be decided, and nothing else", async () => {
    assert.deepEqual(await ask(pod({ name: "prepare" }, guard)), changed(...removal(1)));
    assert.deepEqual(await ask(pod(guard)), changed(...removal(0)));
  });

  it("leaves the guard where quota cannot be decided, and says that the pod will not start", async () => {
    assert.deepEqual(
      await ask(pod(guard), () => "pods are not known yet"),
      unchanged(
        "init container admission-is-not-found stays, and the pod will not start: " +
          "quota cannot be decided yet, create the pod again",
      ),
    );
  });

  it("asks at every review whether quota can be decided", async () => {
    let problem: string | undefined = "starting";
    const webhook = guardWebhook(() => problem);
    assert.notDeepEqual(await responseTo(webhook, creation(pod(guard))), changed(...removal(0)));
    problem = undefined;
    assert.deepEqual(await responseTo(webhook, creation(pod(guard))), changed(...removal(0)));
  });

  it("leaves pods without it alone, whether quota can be decided or not", async () => {
    for (const problem of [undefined, "starting"]) {
      for (const object of [pod(), pod({ name: "prepare" }), {}, null]) {
        assert.deepEqual(await ask(object, () => problem), unchanged());
      }
    }
  });

  it("has no answer where it cannot tell", async () => {
    const problem = (): never => {
      throw new Error("broken");
    };
    await assert.rejects(ask(pod(guard), problem), new Error("broken"));
  });
});
