import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";

/** What of a definition says whether it will do. */
export interface InstalledDefinition {
  readonly name: string;
  readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  /** `vMAJOR.MINOR.PATCH` of the Gateway API that it is from. */
  readonly bundleVersion: string | undefined;
}

const BUNDLE_VERSION = "gateway.networking.k8s.io/bundle-version";
const LEAST = { major: 1, minor: 6 };
const REMEDY = `install the standard channel of the Gateway API v${LEAST.major}.${LEAST.minor} or later`;

/** What is wrong with a definition, and what to do; undefined where it will do. */
export function definitionProblem({ name, versions, bundleVersion = "" }: InstalledDefinition): string | undefined {
  if (!versions.some((version) => version.name === "v1" && version.served))
    return `${name} does not serve v1: ${REMEDY}`;
  const [, major = 0, minor = 0] = (/^v(\d+)\.(\d+)\./.exec(bundleVersion) ?? []).map(Number);
  const isRecent = major > LEAST.major || (major === LEAST.major && minor >= LEAST.minor);
  return isRecent ? undefined : `${name} is of the Gateway API ${bundleVersion || "without a version"}: ${REMEDY}`;
}

const kinds = ["gatewayclasses", "gateways", "httproutes", "tcproutes"];

/** Reads the Gateway API's definitions, at preview too: the cluster's administrator brings them, before everything else. */
export class Prerequisites extends Part {
  /** Fails with what is missing. */
  readonly verified: pulumi.Output<void>;

  constructor(name: string, opts: pulumi.ComponentResourceOptions) {
    super("carrel:exposure:Prerequisites", name, opts);
    const problems = kinds.map((plural) => {
      const id = `${plural}.gateway.networking.k8s.io`;
      const found = k8s.apiextensions.v1.CustomResourceDefinition.get(this.child(plural), id, this.inside);
      return pulumi.all([found.spec.versions, found.metadata.annotations]).apply(([versions, annotations]) =>
        definitionProblem({
          name: id,
          versions: versions.map(({ name: version, served }) => ({ name: version, served })),
          bundleVersion: annotations?.[BUNDLE_VERSION],
        }),
      );
    });
    this.verified = pulumi.all(problems).apply((found) => {
      const wrong = found.filter((problem) => problem !== undefined);
      if (wrong.length > 0)
        throw new pulumi.ResourceError(
          `the cluster lacks what routes are made of:\n${wrong.map((line) => `  - ${line}`).join("\n")}`,
          this,
          true,
        );
    });
    // Registered, so that a failure is the program's.
    this.registerOutputs({ verified: this.verified });
  }
}
