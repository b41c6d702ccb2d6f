import assert from "node:assert/strict";
import * as fc from "fast-check";
import { clusterGuard } from "../../lab/engine/guard.ts";
import type { Provider } from "../../lab/engine/provider.ts";
import {
  isProviderType,
  ProviderRegistry,
  packageOf,
  providerReference,
  urnOfReference,
} from "../../lab/engine/provider-registry.ts";
import { providerFactory } from "../../lab/engine/providers/index.ts";
import { durationMs } from "../../lab/engine/registration.ts";
import { childUrn, formatUrn, nameOf, parseUrn, typeOf } from "../../lab/engine/urn.ts";
import { Secret, UNKNOWN } from "../../lab/engine/values.ts";
import { always } from "./support/property.ts";

describe("URNs", () => {
  const stackUrn = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev";

  it("hold the types of the parents, but not the stack's", () => {
    assert.equal(childUrn("dev", "shop", undefined, "a:b:C", "x"), "urn:pulumi:dev::shop::a:b:C::x");
    const parent = childUrn("dev", "shop", stackUrn, "a:b:C", "x");
    assert.equal(parent, "urn:pulumi:dev::shop::a:b:C::x");
    const child = childUrn("dev", "shop", parent, "d:e:F", "y::z");
    assert.equal(child, "urn:pulumi:dev::shop::a:b:C$d:e:F::y::z");
    assert.deepEqual([typeOf(child), nameOf(child)], ["d:e:F", "y::z"]);
  });

  it("are read as they were written", () => {
    const word = fc.stringMatching(/^[a-z]{1,8}$/);
    always([word, word, word, fc.string()], (stack, project, type, name) => {
      const parts = { stack, project, qualifiedType: `${type}:index:T$b:c:D`, name };
      assert.deepEqual(parseUrn(formatUrn(parts)), parts);
    });
  });
});

describe("durations", () => {
  it("are milliseconds, in every unit and combined", () => {
    assert.deepEqual(["30s", "5m", "1h30m", "1.5s", "250ms", "1h0m0.5s", ""].map(durationMs), [
      30_000,
      300_000,
      5_400_000,
      1_500,
      250,
      3_600_500,
      undefined,
    ]);
  });
});

describe("the provider registry", () => {
  const configured: unknown[] = [];
  const provider = { configure: async (inputs: unknown) => void configured.push(inputs) } as unknown as Provider;
  const registry = (disabled: readonly string[] = []): ProviderRegistry =>
    new ProviderRegistry(() => provider, disabled);
  const urn = "urn:pulumi:dev::shop::pulumi:providers:kubernetes::k";
  const row = {
    urn,
    custom: true,
    type: "pulumi:providers:kubernetes",
    id: "uuid",
    inputs: { context: new Secret("c") },
  };

  it("knows packages and references", () => {
    assert.deepEqual(["pulumi:providers:tls", "tls:index/x:X", "a:b:C"].map(packageOf), ["tls", "tls", "a"]);
    assert.deepEqual(["pulumi:providers:tls", "tls:index/x:X"].map(isProviderType), [true, false]);
    assert.equal(providerReference(row), `${urn}::uuid`);
    assert.equal(urnOfReference(providerReference(row)), urn);
  });

  it("configures one instance per provider, from the state where the program has none, with plain values", async () => {
    const all = registry();
    configured.length = 0;
    const [one, two] = await Promise.all([all.of(`${urn}::uuid`, () => row), all.of(`${urn}::other`, () => row)]);
    assert.equal(one, provider);
    assert.equal(two, provider);
    assert.deepEqual(configured, [{ context: "c" }]);
    assert.equal(await all.configure(urn, row.type, { context: UNKNOWN }), undefined);
    assert.equal(await all.of(`${urn}::uuid`, () => row), undefined);
    assert.deepEqual(configured, [{ context: "c" }]);
  });

  it("refuses providers that are nowhere, and default ones that are disabled", async () => {
    await assert.rejects(
      registry().of(`${urn}::uuid`, () => undefined),
      {
        code: "provider-missing",
        message: `provider ${urn} is neither in the program nor in the state: import a state that has it`,
      },
    );
    const message = `URN has no explicit provider, and the stack disables the default provider of "tls": pass { provider } or { parent } with one`;
    for (const disabled of [["tls"], ["*"]]) {
      assert.throws(() => registry(disabled).refuseDisabledDefault("tls:index/x:X", "URN"), { message });
    }
    assert.doesNotThrow(() => registry(["random"]).refuseDisabledDefault("tls:index/x:X", "URN"));
  });

  it("has the packages of the lab and no others", () => {
    const factory = providerFactory({ guard: () => undefined, now: () => new Date() });
    for (const name of ["kubernetes", "random", "tls"]) assert.equal(typeof factory(name).check, "function");
    assert.throws(() => factory("aws"), {
      code: "package-unsupported",
      message: `the lab's engine has no provider for package "aws", only for kubernetes, random, tls: use Pulumi's CLI (ENGINE=pulumi)`,
    });
  });
});

describe("the cluster guard", () => {
  const guard = clusterGuard(["friendly"], () => ["https://127.0.0.1:6443"]);
  const config = (server: string, context?: string): Parameters<typeof guard>[0] =>
    ({ server, ...(context === undefined ? {} : { context }) }) as Parameters<typeof guard>[0];

  it("lets the labs' servers and named contexts through", () => {
    assert.doesNotThrow(() => guard(config("https://127.0.0.1:6443", "any")));
    assert.doesNotThrow(() => guard(config("https://prod.example", "friendly")));
  });

  it("refuses every other cluster by name", () => {
    assert.throws(() => guard(config("https://prod.example", "prod")), {
      code: "cluster-refused",
      message: `the lab's engine does not change cluster https://prod.example (context "prod"), which no lab on this machine started: use Pulumi's CLI, or pass --allow-cluster prod`,
    });
    assert.throws(() => guard(config("https://127.0.0.1:6444")), {
      message: `the lab's engine does not change cluster https://127.0.0.1:6444 (context ""), which no lab on this machine started: use Pulumi's CLI, or pass --allow-cluster CONTEXT`,
    });
  });
});
