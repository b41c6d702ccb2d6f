import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import type { KubeObject, ResourceRef } from "../../../services/lib/kube/client.ts";
import { runEngine, stateFile } from "../../support/engine.ts";
import { eventuallyEqual } from "../../support/eventually-equal.ts";
import { labUnderTest } from "../../support/lab.ts";
import { managedObjects } from "../../support/managed-objects.ts";
import { stackObjects } from "../../support/stack-objects.ts";

const webhooks: ResourceRef = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingWebhookConfiguration",
  plural: "validatingwebhookconfigurations",
  namespaced: false,
};

interface WebhookConfiguration extends KubeObject {
  readonly webhooks: readonly { readonly failurePolicy: string }[];
}

describe("the stack on a running lab", () => {
  it("has nothing to change after an up", async () => {
    const again = await runEngine("up", { args: ["--expect-no-changes"] });
    assert.equal(again.code, 0, again.output);
    const preview = await runEngine("preview", { args: ["--expect-no-changes"] });
    assert.equal(preview.code, 0, preview.output);
  });

  it("has exactly the objects of its state, and a state that holds no secret in clear", async () => {
    const { client } = await labUnderTest();
    // What earlier tests have deleted goes in the background.
    await eventuallyEqual("the objects of the state", () => managedObjects(client), stackObjects());
    const state = readFileSync(stateFile(), "utf8");
    assert.equal(state.includes("PRIVATE KEY"), false);
    assert.equal(statSync(stateFile()).mode & 0o777, 0o600);
  });

  it("shows a failurePolicy that was changed by hand, and mends it", async () => {
    const { client } = await labUnderTest();
    const policy = async (): Promise<string | undefined> =>
      (await client.get<WebhookConfiguration>(webhooks, undefined, "carrel-quota")).webhooks[0]?.failurePolicy;
    await client.patch(
      webhooks,
      undefined,
      "carrel-quota",
      [{ op: "replace", path: "/webhooks/0/failurePolicy", value: "Ignore" }],
      { type: "json", fieldManager: "somebody" },
    );
    assert.equal(await policy(), "Ignore");

    const refresh = await runEngine("refresh");
    assert.equal(refresh.code, 0, refresh.output);
    assert.match(refresh.output, /~ webhooks\[0\]\.failurePolicy: "Fail" => "Ignore"/);

    const preview = await runEngine("preview", { args: ["--expect-no-changes"] });
    assert.equal(preview.code, 255);
    assert.match(preview.output, /~ webhooks\[0\]\.failurePolicy: "Ignore" => "Fail"/);

    const up = await runEngine("up");
    assert.equal(up.code, 0, up.output);
    assert.equal(await policy(), "Fail");
    const after = await runEngine("up", { args: ["--expect-no-changes"] });
    assert.equal(after.code, 0, after.output);
  });
});
