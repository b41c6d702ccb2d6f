import assert from "node:assert/strict";
import {
  isConflict,
  isNotFound,
  isRefused,
  isUnavailable,
  KeycloakError,
} from "../../../../services/lib/keycloak/errors.ts";

describe("KeycloakError", () => {
  const kinds = (status: number): boolean[] => {
    const error = new KeycloakError("m", { status });
    return [isNotFound, isConflict, isRefused, isUnavailable].map((is) => is(error));
  };

  it("is told apart by its status", () => {
    assert.deepEqual([404, 409, 401, 403, 0, 429, 503, 400].map(kinds), [
      [true, false, false, false],
      [false, true, false, false],
      [false, false, true, false],
      [false, false, true, false],
      [false, false, false, true],
      [false, false, false, true],
      [false, false, false, true],
      [false, false, false, false],
    ]);
    assert.equal(isUnavailable(new Error("other")), false);
  });

  it("is a user error with a code", () => {
    const cause = new Error("c");
    const {
      name,
      code,
      message,
      retryAfterMs,
      cause: kept,
    } = new KeycloakError("m", { status: 0, retryAfterMs: 5, cause });
    assert.deepEqual([name, code, message, retryAfterMs, kept], ["UserError", "keycloak-unreachable", "m", 5, cause]);
    assert.equal(new KeycloakError("m", { status: 409 }).code, "keycloak-409");
  });
});
