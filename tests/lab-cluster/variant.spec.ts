import assert from "node:assert/strict";
import fc from "fast-check";
import { chooseVariant, type Offers, variants } from "../../lab/cluster/variant.ts";

const nothing: Offers = {
  kubeconfig: undefined,
  hasKind: false,
  engine: undefined,
  hasGo: false,
  isRoot: false,
  isDebian: false,
};
const everything: Offers = {
  kubeconfig: "/k",
  hasKind: true,
  engine: "podman",
  hasGo: true,
  isRoot: true,
  isDebian: true,
};

describe("chooseVariant", () => {
  it("takes a given cluster first, then kind, then the built one", () => {
    assert.deepEqual(variants, ["kubeconfig", "kind", "built"]);
    assert.deepEqual(chooseVariant(undefined, everything), {
      variant: "kubeconfig",
      reason: "LAB_KUBECONFIG names /k",
    });
    assert.deepEqual(chooseVariant("", { ...everything, kubeconfig: undefined }), {
      variant: "kind",
      reason: "kind is on PATH and podman answers",
    });
    for (const without of [{ hasKind: false }, { engine: undefined }]) {
      assert.deepEqual(chooseVariant(undefined, { ...everything, kubeconfig: undefined, ...without }), {
        variant: "built",
        reason: "no kubeconfig given, no container engine answers; built from released source",
      });
    }
  });

  it("takes what is forced when it can work", () => {
    for (const variant of variants) {
      assert.deepEqual(chooseVariant(variant, everything), { variant, reason: `LAB_CLUSTER=${variant}` });
    }
  });

  const impossible: Record<string, string> = {
    kubeconfig: "set LAB_KUBECONFIG to a kubeconfig file",
    kind: "install kind and start a container engine (Docker or Podman)",
    built: "install Go 1.26 or later, use Debian or Ubuntu, run as root",
  };
  for (const [variant, needs] of Object.entries(impossible)) {
    it(`refuses to force ${variant} where it cannot work`, () => {
      assert.throws(() => chooseVariant(variant, nothing), {
        name: "UserError",
        code: "variant-impossible",
        message: `LAB_CLUSTER=${variant} cannot work on this machine: ${needs}`,
      });
    });
  }

  it("names only what is missing", () => {
    assert.throws(() => chooseVariant("built", { ...everything, isRoot: false }), {
      message: "LAB_CLUSTER=built cannot work on this machine: run as root",
    });
  });

  it("refuses an unknown name", () => {
    assert.throws(() => chooseVariant("minikube", everything), {
      name: "UserError",
      code: "variant-unknown",
      message:
        'LAB_CLUSTER must be one of kubeconfig, kind, built, got "minikube": unset it to take the first that works',
    });
  });

  it("says for each variant what it needs when none can work", () => {
    assert.throws(() => chooseVariant(undefined, { ...nothing, hasGo: true }), {
      name: "UserError",
      code: "no-variant",
      message:
        "no lab can run on this machine; make one of these true: for kubeconfig: set LAB_KUBECONFIG to a kubeconfig file; for kind: install kind and start a container engine (Docker or Podman); for built: use Debian or Ubuntu, run as root",
    });
  });

  it("chooses by itself only what could be forced", () => {
    const offers = fc.record({
      kubeconfig: fc.option(fc.constant("/k"), { nil: undefined }),
      hasKind: fc.boolean(),
      engine: fc.option(fc.constant("docker"), { nil: undefined }),
      hasGo: fc.boolean(),
      isRoot: fc.boolean(),
      isDebian: fc.boolean(),
    });
    const variantOf = (forced: string | undefined, given: Offers): string => {
      try {
        return chooseVariant(forced, given).variant;
      } catch {
        return "none";
      }
    };
    fc.assert(
      fc.property(offers, (given) => {
        const possible = variants.filter((variant) => variantOf(variant, given) === variant);
        assert.equal(variantOf(undefined, given), possible[0] ?? "none");
      }),
    );
  });
});
