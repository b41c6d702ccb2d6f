import { UserError } from "../../../services/lib/user-error.ts";
import type { Guard } from "../guard.ts";
import type { Provider, ProviderFactory } from "../provider.ts";
import { KubernetesProvider } from "./kubernetes/provider.ts";
import { RandomProvider } from "./random/provider.ts";
import { TlsProvider } from "./tls/provider.ts";

export interface ProviderOptions {
  readonly guard: Guard;
  readonly now: () => Date;
}

/** The packages that the engine knows; each provider resource gets an instance of its own. */
export function providerFactory(options: ProviderOptions): ProviderFactory {
  const known: Readonly<Record<string, () => Provider>> = {
    kubernetes: () => new KubernetesProvider(options.guard),
    random: () => new RandomProvider(),
    tls: () => new TlsProvider(options.now),
  };
  return (name) => {
    const make = known[name];
    if (make) return make();
    throw new UserError(
      "package-unsupported",
      `the lab's engine has no provider for package "${name}", only for ${Object.keys(known).join(", ")}: use Pulumi's CLI (ENGINE=pulumi)`,
    );
  };
}
