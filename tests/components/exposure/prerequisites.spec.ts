import assert from "node:assert/strict";
import { definitionProblem, Prerequisites } from "../../../components/exposure/prerequisites.ts";
import { recordParts } from "../../support/mocks.ts";

const v1 = { name: "v1", served: true };
const remedy = "install the standard channel of the Gateway API v1.6 or later";
const problem = (bundleVersion: string | undefined, ...versions: { name: string; served: boolean }[]) =>
  definitionProblem({ name: "tcproutes", versions, bundleVersion });

describe("definitionProblem", () => {
  it("is none from version 1.6 on", () => {
    for (const version of ["v1.6.0", "v1.6.1", "v1.10.0", "v2.0.0"]) assert.equal(problem(version, v1), undefined);
  });

  it("is a definition that does not serve v1, or is older", () => {
    assert.equal(problem("v1.5.1", { name: "v1alpha2", served: true }), `tcproutes does not serve v1: ${remedy}`);
    assert.equal(problem("v1.6.1", { name: "v1", served: false }), `tcproutes does not serve v1: ${remedy}`);
    assert.equal(problem("v1.5.1", v1), `tcproutes is of the Gateway API v1.5.1: ${remedy}`);
    assert.equal(problem(undefined, v1), `tcproutes is of the Gateway API without a version: ${remedy}`);
  });
});

describe("Prerequisites", () => {
  const definition = (version: string) => ({
    metadata: { annotations: { "gateway.networking.k8s.io/bundle-version": version } },
    spec: { versions: [v1] },
  });
  const reads = (versions: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(versions).map(([plural, version]) => [`${plural}.gateway.networking.k8s.io`, definition(version)]),
    );
  const all = { gatewayclasses: "v1.6.1", gateways: "v1.6.1", httproutes: "v1.6.1", tcproutes: "v1.6.1" };
  const build = (versions: Readonly<Record<string, string>>) =>
    recordParts(
      (opts) => {
        const { verified } = new Prerequisites("gateway-api", opts);
        return (verified as unknown as { promise(): Promise<void> }).promise();
      },
      { reads: reads(versions) },
    );

  it("registers nothing of its own for what it reads", async () => {
    const { resources } = await build(all);
    assert.deepEqual(
      resources.map(({ type, name }) => `${type} ${name}`),
      ["carrel:exposure:Prerequisites gateway-api"],
    );
  });

  it("fails with everything that is missing", async () => {
    const message = [
      "the cluster lacks what routes are made of:",
      `  - httproutes.gateway.networking.k8s.io is of the Gateway API v1.4.0: ${remedy}`,
      `  - tcproutes.gateway.networking.k8s.io is of the Gateway API v1.5.0: ${remedy}`,
    ].join("\n");
    await assert.rejects(build({ ...all, httproutes: "v1.4.0", tcproutes: "v1.5.0" }), (error: Error) =>
      error.message.endsWith(message),
    );
  });
});
