import * as pulumi from "@pulumi/pulumi";

interface Webhook {
  failurePolicy: string;
  namespaceSelector: Record<string, unknown>;
}

/** What goes wrong, by name; the test says which in the environment. */
const violations: Readonly<Record<string, (webhook: Webhook) => Webhook>> = {
  "failure-policy": (webhook) => ({ ...webhook, failurePolicy: "Ignore" }),
  "namespace-selector": (webhook) => ({ ...webhook, namespaceSelector: {} }),
};

const violate = violations[process.env["CARREL_VIOLATION"] ?? ""];
if (!violate) throw new pulumi.RunError("CARREL_VIOLATION names no violation");

pulumi.runtime.registerResourceTransform(({ type, props, opts }) => {
  if (!type.endsWith(":ValidatingWebhookConfiguration")) return undefined;
  return { props: { ...props, webhooks: (props["webhooks"] as Webhook[]).map(violate) }, opts };
});

await import("../../../index.ts");
