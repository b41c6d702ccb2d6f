import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { Caller, listening, type Reply, reviewOf } from "../services/admission/https-server.ts";
import { selfSigned } from "../services/admission/key-pair.ts";
import { oneOf, seeded } from "../services/admission/simulation/time.ts";
import { corpusOf, fuzz, type Target } from "./fuzzer.ts";
import { mutated } from "./mutations.ts";
import { imageReference } from "./targets/image-reference.ts";
import { labelSelector } from "./targets/label-selector.ts";
import { quantity } from "./targets/quantity.ts";
import { decoded, outcomeOf, quotaWebhook, review } from "./targets/review.ts";

const RUNS = Number(process.env["CARREL_FUZZ_RUNS"] ?? 50_000);
const SEED = Number(process.env["CARREL_FUZZ_SEED"] ?? 1);
const CALLS = 1_000;

/** Each with what it has to reach: a fuzzer that meets one refusal only proves nothing. */
const targets: readonly (readonly [what: string, Target, reached: readonly RegExp[]])[] = [
  ["the quantity grammar", quantity, [/^malformed/, /^negative/, /^too large/, /^more 9Ki/, /9\.9/, /9e-9/]],
  [
    "the reference grammar",
    imageReference,
    [/^taken/, /^registry/, /^repository/, /^tag/, /^digest/, /^empty/, /^image-id/, /^scheme/, /^length/],
  ],
  [
    "the label selector",
    labelSelector,
    [
      /^no JSON/,
      /^true of .*NotIn/,
      /^false of .*Exists/,
      /operator must be/,
      /values must be empty/,
      /which is no label key/,
    ],
  ],
  [
    "the review decoder",
    review,
    [/^the body is not JSON/, /^unreadable object.metadata.labels/, /^denied for OwnerConflict/, /^allowed CREATE/],
  ],
];

describe("fuzzing", function () {
  this.timeout(0);

  for (const [what, target, reached] of targets) {
    it(`finds nothing wrong with ${what} in ${RUNS} mutations of its corpus`, async () => {
      const { outcomes } = await fuzz(target, RUNS, SEED);
      const kinds = [...outcomes.keys()];
      assert.deepEqual(reached.filter((kind) => !kinds.some((each) => kind.test(each))).map(String), []);
    });
  }

  it("tells a subject that is wrong", async () => {
    const wrong: Target = {
      ...quantity,
      check: (text) => {
        assert.notEqual(text.at(-1), "Z", "it ends with Z");
        return "fine";
      },
    };
    await assert.rejects(fuzz(wrong, 5_000, 1), /^Error: quantity, seed 1, run \d+: ".*Z"\nit ends with Z$/s);
  });

  it("mutates by its seed alone", () => {
    const texts = [...corpusOf("review").values()];
    const some = (): string[] => {
      const random = seeded(3);
      return texts.map((text) => mutated(text, random, { ...review, others: texts }));
    };
    assert.deepEqual(some(), some());
    assert.notDeepEqual(some(), texts);
  });
});

describe("fuzzing a webhook server", function () {
  this.timeout(0);
  let caller: Caller;

  before(async () => {
    const pair = await selfSigned("localhost", new Date(Date.now() + 86_400_000));
    caller = new Caller(pair, pair.cert);
    caller.webhooks["/quota"] = (request, deadlineMs) => quotaWebhook().webhook.review(request, deadlineMs);
    await listening(caller.server);
  });
  after(() => caller.close());

  /** Bytes that are a text's, now and then with one of them changed on the way. */
  function bytesOf(text: string, random: () => number): Buffer {
    const bytes = Buffer.from(text);
    if (bytes.length > 0 && random() < 0.1) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    return bytes;
  }

  async function checkReply({ code, body }: Reply, bytes: Buffer): Promise<void> {
    const request = isUtf8(bytes) ? decoded(bytes.toString()) : undefined;
    if (!request) return assert.equal(code, 400, body);
    const { response } = JSON.parse(body) as { response: { uid: string; allowed: boolean } };
    const [isAllowed] = await outcomeOf(bytes.toString());
    assert.deepEqual([code, response.uid, response.allowed], [200, request["uid"], isAllowed]);
  }

  it(`answers ${CALLS} mutated bodies as its parts do, allows none that cannot be read, and goes on`, async () => {
    const random = seeded(SEED);
    const corpus = [...corpusOf("review").values()];
    const bodies = Array.from({ length: CALLS }, () =>
      mutated(oneOf(random, corpus), random, { ...review, others: corpus }),
    );
    for (const body of [...corpus, ...bodies]) {
      const bytes = bytesOf(body, random);
      await checkReply(await caller.send("/quota", bytes), bytes).catch((error: unknown) => {
        throw new Error(`${bytes.toString("base64")}: ${error}`, { cause: error });
      });
    }
    assert.equal((await caller.send("/quota", reviewOf())).code, 200);
  });
});
