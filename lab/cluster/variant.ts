import { UserError } from "../../services/lib/user-error.ts";
import type { LabVariant } from "../endpoints.ts";

/** What this machine offers, found out before anything is started. */
export interface Offers {
  /** `LAB_KUBECONFIG`, or `KUBECONFIG` together with `LAB_CONTEXT`. */
  readonly kubeconfig: string | undefined;
  readonly hasKind: boolean;
  /** The name of a container engine that answers. */
  readonly engine: string | undefined;
  readonly hasGo: boolean;
  readonly isRoot: boolean;
  readonly isDebian: boolean;
}

export interface VariantChoice {
  readonly variant: LabVariant;
  readonly reason: string;
}

type Verdict = { readonly ok: true; readonly reason: string } | { readonly ok: false; readonly needs: string };

function judge(variant: LabVariant, offers: Offers): Verdict {
  if (variant === "kubeconfig") {
    return offers.kubeconfig === undefined
      ? { ok: false, needs: "set LAB_KUBECONFIG to a kubeconfig file" }
      : { ok: true, reason: `LAB_KUBECONFIG names ${offers.kubeconfig}` };
  }
  if (variant === "kind") {
    return offers.hasKind && offers.engine !== undefined
      ? { ok: true, reason: `kind is on PATH and ${offers.engine} answers` }
      : { ok: false, needs: "install kind and start a container engine (Docker or Podman)" };
  }
  const lacks = [
    ...(offers.hasGo ? [] : ["install Go 1.26 or later"]),
    ...(offers.isDebian ? [] : ["use Debian or Ubuntu"]),
    ...(offers.isRoot ? [] : ["run as root"]),
  ];
  return lacks.length === 0
    ? { ok: true, reason: "no kubeconfig given, no container engine answers; built from released source" }
    : { ok: false, needs: lacks.join(", ") };
}

export const variants: readonly LabVariant[] = ["kubeconfig", "kind", "built"];

/**
 * The first variant that works, or the one that `LAB_CLUSTER` forces.
 * @throws UserError naming what to install for each when none works
 */
export function chooseVariant(forced: string | undefined, offers: Offers): VariantChoice {
  if (forced !== undefined && forced !== "") {
    const variant = variants.find((name) => name === forced);
    if (!variant) {
      throw new UserError(
        "variant-unknown",
        `LAB_CLUSTER must be one of ${variants.join(", ")}, got "${forced}": unset it to take the first that works`,
      );
    }
    const verdict = judge(variant, offers);
    if (!verdict.ok)
      throw new UserError("variant-impossible", `LAB_CLUSTER=${variant} cannot work on this machine: ${verdict.needs}`);
    return { variant, reason: `LAB_CLUSTER=${variant}` };
  }
  const needs: string[] = [];
  for (const variant of variants) {
    const verdict = judge(variant, offers);
    if (verdict.ok) return { variant, reason: verdict.reason };
    needs.push(`for ${variant}: ${verdict.needs}`);
  }
  throw new UserError("no-variant", `no lab can run on this machine; make one of these true: ${needs.join("; ")}`);
}
