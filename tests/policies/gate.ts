import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Goal } from "../../lab/engine/goal.ts";
import { type PackOptions, PolicyGate } from "../../lab/engine/policy-gate.ts";
import { formatUrn } from "../../lab/engine/urn.ts";
import type { Props } from "../../lab/engine/values.ts";
import { UserError } from "../../services/lib/user-error.ts";
import { goodPodSpec, goodWebhook, VALIDATING } from "./subjects.ts";

const folder = fileURLToPath(new URL("../../policies", import.meta.url));

/** The URN of a resource at the top of the test stack. */
export const urnOf = (type: string, name: string): string =>
  formatUrn({ stack: "test", project: "carrel", qualifiedType: `kubernetes:${type}`, name });

/** What the engine asks the pack about. */
export const goalOf = (type: string, inputs: Props): Goal => ({
  urn: urnOf(type, "it"),
  type: `kubernetes:${type}`,
  name: "it",
  custom: true,
  parent: undefined,
  inputs,
  dependencies: [],
  propertyDependencies: {},
  provider: undefined,
  protect: false,
  retainOnDelete: false,
  deletedWith: undefined,
  ignoreChanges: [],
  replaceOnChanges: [],
  deleteBeforeReplace: undefined,
  aliases: [],
  importId: undefined,
  additionalSecretOutputs: [],
  timeoutsMs: {},
});

/** The pack never calls back: it gets an address that nobody listens on. */
export const startGate = (config: PackOptions["config"]): Promise<PolicyGate> =>
  PolicyGate.start([{ folder, config, engineAddress: "127.0.0.1:1" }]);

/** What stops the resource, one line a problem, as the user reads it. */
export async function refusals(gate: PolicyGate, type: string, inputs: Props): Promise<readonly string[]> {
  try {
    await gate.check(goalOf(type, inputs), inputs);
    return [];
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    return error.problems;
  }
}

/** Inputs of a configuration of the good webhook with some fields changed. */
export const webhooks = (changes: object = {}): Props => ({ webhooks: [{ ...goodWebhook, ...changes }] });
/** Inputs of the good pod with some fields of its container changed. */
export const container = (changes: object): Props => ({
  spec: { ...goodPodSpec, containers: [{ ...goodPodSpec.containers[0], ...changes }] },
});
const stackResource = (type: string, props: object) => ({
  urn: urnOf(type, "work"),
  type: `kubernetes:${type}`,
  custom: true,
  inputs: props as Props,
});
/** A namespace as the stack knows it. */
export const work = stackResource("core/v1:Namespace", { metadata: { name: "work" } });
/** What that namespace needs. */
export const deny = stackResource("networking.k8s.io/v1:NetworkPolicy", {
  metadata: { namespace: "work" },
  spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
});
/** A configuration, in the stack, of the good webhook with its service in that namespace and some fields changed. */
export const answeredInWork = (changes: object = {}) =>
  stackResource(
    VALIDATING,
    webhooks({ clientConfig: { service: { name: "admission", namespace: "work" } }, ...changes }),
  );
