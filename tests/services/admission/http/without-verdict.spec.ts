import assert from "node:assert/strict";
import { Refused } from "../../../../services/admission/http/reply.ts";
import {
  errorDenial,
  errorRefusal,
  lateDenial,
  lateRefusal,
  shedDenial,
  shedRefusal,
} from "../../../../services/admission/http/without-verdict.ts";
import { UnreadableReview } from "../../../../services/admission/review-reader.ts";

const texts = {
  calls: "overloaded: too many reviews are under way: try again",
  bytes: "overloaded: too many bytes of reviews are under way: try again",
  delay: "overloaded: reviews wait too long until they are read: try again",
  deadline: "overloaded: no time was left when the review was read: try again",
} as const;

describe("what is said where there is no verdict", () => {
  for (const [cause, message] of Object.entries(texts) as ["calls", string][]) {
    it(`under overload by ${cause}: a denial that may be tried again, or a failed call`, () => {
      const causes = [{ reason: "Overloaded", message }];
      assert.deepEqual(shedDenial(cause), { reason: "Overloaded", message, causes, retryAfterSeconds: 1 });
      const { code, message: said, headers } = shedRefusal(cause);
      assert.deepEqual([code, said, headers], [503, message, { "retry-after": "1" }]);
    });
  }

  it("after the deadline: a denial, or a failed call", () => {
    const message = "no decision was possible within the call's time: try again";
    assert.deepEqual(lateDenial(), {
      reason: "StateUnknown",
      message,
      causes: [{ reason: "StateUnknown", message }],
    });
    const { code, message: said } = lateRefusal();
    assert.deepEqual([code, said], [504, message]);
  });

  it("of a review that cannot be read: a denial with the field, or a call that is at fault itself", () => {
    const error = new UnreadableReview("object", "an object", null);
    const { message } = error;
    assert.deepEqual(errorDenial(error), {
      reason: "ReviewUnreadable",
      message,
      causes: [{ reason: "ReviewUnreadable", message, field: "object" }],
    });
    const refused = errorRefusal(error);
    assert.ok(refused instanceof Refused);
    assert.deepEqual([refused.code, refused.message], [400, message]);
  });

  it("of any other error: a denial, or the error", () => {
    const error = new Error("why");
    const message = "no decision was possible: why";
    assert.deepEqual(errorDenial(error), {
      reason: "StateUnknown",
      message,
      causes: [{ reason: "StateUnknown", message }],
    });
    assert.equal(errorRefusal(error), error);
  });
});
