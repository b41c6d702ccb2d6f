import assert from "node:assert/strict";
import { denial } from "../../../quota/denial.ts";
import { type Answer, isMutation, refusal } from "../../../services/admission/mutation.ts";
import { changed, denied, responseOf, unchanged } from "./mutating.ts";

const operation = { op: "remove", path: "/spec/initContainers/0" };

describe("isMutation", () => {
  const answers: readonly [Answer, boolean][] = [
    [undefined, false],
    [denial("GroupMissing", "why"), false],
    [{ operations: [] }, true],
    [{ operations: [operation], warnings: ["look"] }, true],
  ];
  for (const [answer, expected] of answers) {
    it(`is ${expected} for ${JSON.stringify(answer)}`, () => assert.equal(isMutation(answer), expected));
  }
});

describe("the response to a mutating review", () => {
  it("has the operations in base64, word for word", () => {
    const response = responseOf("7", { operations: [operation] });
    assert.deepEqual(response, changed(operation));
    const patch = "W3sib3AiOiJyZW1vdmUiLCJwYXRoIjoiL3NwZWMvaW5pdENvbnRhaW5lcnMvMCJ9XQ==";
    assert.equal(
      JSON.stringify(response),
      `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"7","allowed":true,"patchType":"JSONPatch","patch":"${patch}"}}`,
    );
  });

  it("keeps letters outside of ASCII", () => {
    const named = { op: "add", path: "/metadata/annotations/a", value: "Ägypten 例" };
    const { response } = responseOf("7", { operations: [named] }) as { response: { patch: string } };
    assert.deepEqual(JSON.parse(Buffer.from(response.patch, "base64").toString("utf8")), [named]);
  });

  it("has neither patch nor type without operations, and no warnings without any", () => {
    assert.deepEqual(responseOf("7", { operations: [] }), unchanged());
    assert.deepEqual(responseOf("7", { operations: [], warnings: [] }), unchanged());
  });

  it("has warnings with a patch and without one", () => {
    assert.deepEqual(responseOf("7", { operations: [], warnings: ["one", "two"] }), unchanged("one", "two"));
    const { response } = responseOf("7", { operations: [operation], warnings: ["one"] }) as {
      response: { patchType: string; warnings: string[] };
    };
    assert.deepEqual([response.patchType, response.warnings], ["JSONPatch", ["one"]]);
  });
});

describe("refusal", () => {
  it("says every cause in one line for people, and each alone for programs", () => {
    const causes = [{ message: "first", field: "spec.containers[0].image" }, { message: "second" }];
    assert.deepEqual(
      responseOf("7", refusal("ImageInvalid", causes)),
      denied(
        "first; second",
        { reason: "ImageInvalid", message: "first", field: "spec.containers[0].image" },
        { reason: "ImageInvalid", message: "second" },
      ),
    );
  });

  it("keeps a cause's own reason, and nothing that a status has no place for", () => {
    const causes = [{ reason: "ImageNotMirrored", message: "why", container: "main", image: "x" }];
    assert.deepEqual(refusal("ImageInvalid", causes), {
      reason: "ImageInvalid",
      message: "why",
      causes: [{ reason: "ImageNotMirrored", message: "why" }],
    });
  });
});
