import assert from "node:assert/strict";
import { ask, fieldsOf } from "../../../../services/ssh/hub/http.ts";
import { closeScripted, scripted } from "../support/hubs.ts";

describe("ask", () => {
  afterEach(closeScripted);

  it("sends the token as a header and the body as JSON, and answers with status and text", async () => {
    let body = "";
    const { url, requests } = await scripted({
      "POST /a?b": (request, response) => {
        request.on("data", (text: Buffer) => {
          body += text.toString();
        });
        request.on("end", () => response.writeHead(418).end("käse"));
      },
    });
    const answer = await ask(new URL("a?b", url), { method: "POST", token: "t", body: { x: "ä" } });
    assert.deepEqual(
      { answer, body, requests },
      {
        answer: { status: 418, text: "käse" },
        body: '{"x":"ä"}',
        requests: [["POST /a?b", "token t"]],
      },
    );
  });

  it("gives up in time, when it is told to, and beyond a megabyte", async () => {
    const { url } = await scripted({
      "GET /slow": () => {},
      "GET /long": (_, response) => response.end("x".repeat((1 << 20) + 1)),
    });
    await assert.rejects(ask(new URL("slow", url), { timeoutMs: 20 }), /^Error: no answer within 0.02 s$/);
    await assert.rejects(ask(new URL("slow", url), { signal: AbortSignal.abort() }), { name: "AbortError" });
    await assert.rejects(ask(new URL("long", url)), /^Error: an answer beyond 1048576 bytes$/);
  });
});

describe("fieldsOf", () => {
  it("reads objects, and nothing else", () => {
    assert.deepEqual(['{"a":1}', "[1]", "null", '"a"', "{", ""].map(fieldsOf), [{ a: 1 }, {}, {}, {}, {}, {}]);
  });
});
