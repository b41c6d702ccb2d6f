import assert from "node:assert/strict";
import { reportUsability, toReport, type Usability } from "../../../services/admission/pod-default-status.ts";
import { podDefaultRef } from "../../../services/admission/pod-default-store.ts";
import { systemClock } from "../../../services/lib/clock.ts";
import { keptLog } from "./mutating.ts";

const malformed: Usability = { status: "False", reason: "Malformed", message: "spec.env: a; spec.volumes: b" };
const reasons = ["spec.env: a", "spec.volumes: b"];
const saying = (status: string, message: string): Parameters<typeof toReport>[0] => ({
  conditions: [
    { type: "Other", status: "False" },
    { type: "Usable", status, message },
  ],
});

describe("toReport", () => {
  it("is every reason once it is malformed, and nothing when the status says so", () => {
    assert.deepEqual(toReport(undefined, reasons), malformed);
    assert.deepEqual(toReport(saying("False", "spec.env: other"), reasons), malformed);
    assert.deepEqual(toReport(saying("True", ""), reasons), malformed);
    assert.equal(toReport(saying("False", malformed.message), reasons), undefined);
  });

  it("is that it can be used again, and nothing where nothing was ever wrong", () => {
    assert.deepEqual(toReport(saying("False", "x"), []), { status: "True", reason: "Read", message: "" });
    assert.equal(toReport(saying("True", ""), []), undefined);
    assert.equal(toReport(undefined, []), undefined);
  });
});

describe("reportUsability", () => {
  const clock = { ...systemClock, now: () => Date.parse("2026-01-02T03:04:05Z") };
  const of = { name: "proxy", namespace: "lab" };

  it("applies one condition to the status", async () => {
    const patches: unknown[] = [];
    const patch = async (...args: unknown[]): Promise<never> => patches.push(args) as never;
    await reportUsability({ client: { patch }, ref: podDefaultRef, clock, log: keptLog().log }, of, malformed);
    const condition = { type: "Usable", ...malformed, lastTransitionTime: "2026-01-02T03:04:05.000Z" };
    const { apiVersion, kind } = podDefaultRef;
    assert.deepEqual(patches, [
      [
        podDefaultRef,
        "lab",
        "proxy",
        { apiVersion, kind, metadata: of, status: { conditions: [condition] } },
        { type: "apply", fieldManager: "carrel-admission", force: true, subresource: "status" },
      ],
    ]);
  });

  it("says in the log that it could not", async () => {
    const { log, lines } = keptLog();
    const patch = (): Promise<never> => Promise.reject(new Error("no"));
    await reportUsability({ client: { patch }, ref: podDefaultRef, clock, log }, of, malformed);
    assert.deepEqual(lines, [{ level: "warn", event: "pod-default-status-unwritten", ...of, reason: "no" }]);
  });
});
