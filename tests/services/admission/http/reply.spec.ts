import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { Refused, send } from "../../../../services/admission/http/reply.ts";

function response() {
  const sent: unknown[] = [];
  const stub = {
    headersSent: false,
    writeHead: (code: number, headers: object) => {
      sent.push(code, headers);
      stub.headersSent = true;
    },
    end: (body: string) => sent.push(body),
  };
  return { sent, response: stub as unknown as ServerResponse };
}

describe("send", () => {
  it("answers with a text, its length in bytes, and what else is to be said", () => {
    const { sent, response: to } = response();
    send(to, 405, "\u00e9\n", { allow: "POST", "content-type": "text/html" });
    assert.deepEqual(sent, [405, { "content-type": "text/html", "content-length": 3, allow: "POST" }, "\u00e9\n"]);
  });

  it("answers once", () => {
    const { sent, response: to } = response();
    send(to, 200, "a");
    send(to, 500, "b");
    assert.deepEqual(sent, [200, { "content-type": "text/plain; charset=utf-8", "content-length": 1 }, "a"]);
  });
});

describe("Refused", () => {
  it("has a status, a reason and headers", () => {
    const { code, message, headers } = new Refused(503, "why", { "retry-after": "1" });
    assert.deepEqual({ code, message, headers }, { code: 503, message: "why", headers: { "retry-after": "1" } });
    assert.deepEqual(new Refused(400, "why").headers, {});
  });
});
