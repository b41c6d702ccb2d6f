import assert from "node:assert/strict";
import fc from "fast-check";
import { parseReview, reviewResponse } from "../../../services/admission/review.ts";
import { UserError } from "../../../services/lib/user-error.ts";

const review = (request: unknown, own: object = {}): string =>
  JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request, ...own });

describe("parseReview", () => {
  it("answers the request as it came", () => {
    const request = { uid: "1", operation: "CREATE", resource: { group: "", version: "v1", resource: "pods" } };
    assert.deepEqual(parseReview(review(request)), request);
  });

  it("refuses what is not JSON, with the place", () => {
    const refused = {
      name: "UserError",
      code: "review",
      message: "the body is not JSON: Unexpected end of JSON input",
    };
    assert.throws(() => parseReview(""), refused);
  });

  const foreign: Readonly<Record<string, string>> = {
    null: "undefined undefined",
    "1": "undefined undefined",
    "[]": "undefined undefined",
    "{}": "undefined undefined",
    [review({ uid: "1" }, { apiVersion: "admission.k8s.io/v1beta1" })]: '"admission.k8s.io/v1beta1" "AdmissionReview"',
    [review({ uid: "1" }, { kind: "Pod" })]: '"admission.k8s.io/v1" "Pod"',
    [review({ uid: "1" }, { apiVersion: ["admission.k8s.io/v1"] })]: '["admission.k8s.io/v1"] "AdmissionReview"',
  };
  for (const [body, got] of Object.entries(foreign)) {
    it(`refuses ${body}`, () => {
      const message = `the body must be "admission.k8s.io/v1" "AdmissionReview", got ${got}`;
      assert.throws(() => parseReview(body), { name: "UserError", code: "review", message });
    });
  }

  const withoutUid = [
    undefined,
    null,
    {},
    [],
    "1",
    1,
    { uid: "" },
    { uid: 1 },
    { uid: null },
    { uid: ["1"] },
    { uid: {} },
  ];
  for (const request of withoutUid) {
    it(`refuses the request ${JSON.stringify(request)}`, () => {
      const message = "the AdmissionReview has no request with a uid that is a text";
      assert.throws(() => parseReview(review(request)), { name: "UserError", code: "review", message });
    });
  }

  it("takes the last of keys that come twice, as Go does, and no key for a prototype", () => {
    const twice = (inner: string): string =>
      `{"apiVersion":"admission.k8s.io/v1beta1","apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview",${inner}}`;
    assert.deepEqual(parseReview(twice('"request":{"uid":"1"},"request":{"uid":"2"}')), { uid: "2" });
    assert.deepEqual(parseReview(twice('"request":{"uid":"1","uid":"2"}')), { uid: "2" });
    assert.throws(() => parseReview(twice('"request":{"uid":"1"},"request":null')), UserError);
    assert.throws(() => parseReview(twice('"__proto__":{"request":{"uid":"1"}}')), UserError);
    assert.throws(() => parseReview(twice('"request":{"__proto__":{"uid":"1"}}')), UserError);
  });

  it("answers a request with a uid or throws a UserError, for any body", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((text) => review(JSON.parse(text))),
        ),
        (body) => {
          try {
            assert.equal(typeof parseReview(body).uid, "string");
          } catch (error) {
            assert.ok(error instanceof UserError);
          }
        },
      ),
    );
  });
});

describe("reviewResponse", () => {
  it("allows with the uid and nothing else", () => {
    assert.equal(
      reviewResponse("1", undefined),
      '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"1","allowed":true}}',
    );
  });

  const causes = [{ reason: "GroupMissing", message: "why", field: "metadata.labels" }];
  const denied = (status: object): object => ({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: { uid: "1", allowed: false, status: { status: "Failure", message: "why", ...status } },
  });

  it("denies with a line for people and causes for programs", () => {
    assert.deepEqual(
      JSON.parse(reviewResponse("1", { reason: "GroupMissing", message: "why", causes })),
      denied({ code: 403, reason: "Forbidden", details: { kind: "pods", causes } }),
    );
  });

  it("tells who may come again when to do so", () => {
    const busy = { reason: "GroupMissing" as const, message: "why", causes, retryAfterSeconds: 1 };
    assert.deepEqual(
      JSON.parse(reviewResponse("1", busy)),
      denied({ code: 429, reason: "TooManyRequests", details: { kind: "pods", causes, retryAfterSeconds: 1 } }),
    );
  });
});
