import assert from "node:assert/strict";
import { join } from "node:path";
import { projectDir, runEngine, stackUnderTest } from "../../support/engine.ts";

const violating = join(projectDir, "tests", "support", "violating");

function previewWith(violation: string): Promise<{ code: number | null; output: string }> {
  return runEngine("preview", {
    target: { ...stackUnderTest(), projectDir: violating },
    env: { CARREL_VIOLATION: violation },
    policyPack: join(projectDir, "policies"),
  });
}

describe("the policy pack on the whole program", () => {
  it("passes the platform as it is", async () => {
    const { code, output } = await runEngine("preview");
    assert.equal(code, 0, output);
    assert.match(output, /0 violation\(s\)/);
  });

  it("fails the preview of a quota webhook that fails open, with rule, resource and remedy", async () => {
    const { code, output } = await previewWith("failure-policy");
    assert.equal(code, 255, output);
    assert.match(
      output,
      /\[mandatory\] webhook-failure-policy {2}\(kubernetes:admissionregistration.k8s.io\/v1:ValidatingWebhookConfiguration: quota-configuration\)/,
    );
    assert.match(output, /failurePolicy/);
  });

  it("fails the preview of a webhook that every namespace is asked for", async () => {
    const { code, output } = await previewWith("namespace-selector");
    assert.equal(code, 255, output);
    assert.match(
      output,
      /\[mandatory\] webhook-namespace-selector {2}\(kubernetes:admissionregistration.k8s.io\/v1:ValidatingWebhookConfiguration: quota-configuration\)/,
    );
  });
});
