import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { refuseForeign } from "../../../../services/admission/http/foreign.ts";

const refuse = (method: string, headers: Record<string, string>): void =>
  refuseForeign({ method, headers } as unknown as IncomingMessage);
const json = { "content-type": "application/json" };

describe("refuseForeign", () => {
  it("lets pass a review as the API server sends it, and with what means the same", () => {
    refuse("POST", json);
    refuse("POST", { "content-type": "Application/JSON; charset=utf-8" });
    refuse("POST", { ...json, "content-encoding": "identity", "content-length": "8388608" });
  });

  for (const method of ["GET", "HEAD", "PUT", "OPTIONS", "DELETE"]) {
    it(`refuses ${method} and names the method that is allowed`, () => {
      const message = `${method} is not allowed: POST an AdmissionReview`;
      assert.throws(() => refuse(method, json), { code: 405, message, headers: { allow: "POST" } });
    });
  }

  const types = [
    "",
    "text/plain",
    "application/json-patch+json",
    "application/vnd.kubernetes.protobuf",
    "x, application/json",
  ];
  for (const type of types) {
    it(`refuses the content type ${JSON.stringify(type)}`, () => {
      const message = `content type "${type}" is not application/json`;
      assert.throws(() => refuse("POST", type === "" ? {} : { "content-type": type }), { code: 415, message });
    });
  }

  for (const encoding of ["gzip", "br", "identity, gzip"]) {
    it(`refuses the content encoding ${encoding}`, () => {
      const message = `content encoding "${encoding}" is not supported`;
      assert.throws(() => refuse("POST", { ...json, "content-encoding": encoding }), { code: 415, message });
    });
  }

  it("refuses a body that says itself that it is too large", () => {
    const message = "the body is larger than 8388608 bytes";
    assert.throws(() => refuse("POST", { ...json, "content-length": "8388609" }), { code: 413, message });
  });
});
