import assert from "node:assert/strict";
import fc from "fast-check";
import { parseReview, reviewResponse } from "../../../services/admission/review.ts";
import { UserError } from "../../../services/lib/user-error.ts";

const review = (request: unknown): string =>
  JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request });

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

  const others = [
    "null",
    "1",
    "[]",
    "{}",
    review(undefined),
    review(null),
    review({}),
    review({ uid: "" }),
    JSON.stringify({ apiVersion: "admission.k8s.io/v1beta1", kind: "AdmissionReview", request: { uid: "1" } }),
    JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "Pod", request: { uid: "1" } }),
  ];
  for (const body of others) {
    it(`refuses ${body}`, () => {
      const message = "the body is not an admission.k8s.io/v1 AdmissionReview with a request";
      assert.throws(() => parseReview(body), { name: "UserError", code: "review", message });
    });
  }

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
            assert.ok(parseReview(body).uid);
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
      JSON.stringify(reviewResponse("1", undefined)),
      '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"1","allowed":true}}',
    );
  });

  it("denies with a line for people and causes for programs", () => {
    const causes = [{ reason: "GroupMissing", message: "why", field: "metadata.labels" }];
    assert.deepEqual(reviewResponse("1", { reason: "GroupMissing", message: "why", causes }), {
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: {
        uid: "1",
        allowed: false,
        status: {
          status: "Failure",
          code: 403,
          reason: "Forbidden",
          message: "why",
          details: { kind: "pods", causes },
        },
      },
    });
  });
});
