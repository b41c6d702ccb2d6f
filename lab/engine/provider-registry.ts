import { randomUUID } from "node:crypto";
import { UserError } from "../../services/lib/user-error.ts";
import type { Provider, ProviderFactory } from "./provider.ts";
import type { ResourceState } from "./state.ts";
import { hasUnknown, type Props, revealed } from "./values.ts";

const PROVIDER_TYPE = "pulumi:providers:";

export const isProviderType = (type: string): boolean => type.startsWith(PROVIDER_TYPE);
export const packageOf = (type: string): string =>
  isProviderType(type) ? type.slice(PROVIDER_TYPE.length) : (type.split(":")[0] ?? "");

export const providerReference = (resource: ResourceState): string => `${resource.urn}::${resource.id ?? ""}`;
export const urnOfReference = (reference: string): string => reference.slice(0, reference.lastIndexOf("::"));

export const newProviderId = (): string => randomUUID();

/** The provider instances of a run, one per provider resource. */
export class ProviderRegistry {
  readonly #factory: ProviderFactory;
  readonly #instances = new Map<string, Promise<Provider | undefined>>();
  readonly #disabledDefaults: readonly string[];

  constructor(factory: ProviderFactory, disabledDefaults: readonly string[]) {
    this.#factory = factory;
    this.#disabledDefaults = disabledDefaults;
  }

  /** Makes the instance of a provider resource. Nothing can be asked of one whose configuration is not known yet. */
  configure(urn: string, type: string, inputs: Props): Promise<Provider | undefined> {
    const provider = this.#factory(packageOf(type));
    const instance = hasUnknown(inputs)
      ? Promise.resolve(undefined)
      : provider.configure(revealed(inputs)).then(() => provider);
    this.#instances.set(urn, instance);
    return instance;
  }

  /** The instance that a resource's `provider` names, made from the state where this run did not register it. */
  async of(reference: string, find: (urn: string) => ResourceState | undefined): Promise<Provider | undefined> {
    const urn = urnOfReference(reference);
    const known = this.#instances.get(urn);
    if (known !== undefined) return known;
    const resource = find(urn);
    if (!resource)
      throw new UserError(
        "provider-missing",
        `provider ${urn} is neither in the program nor in the state: import a state that has it`,
      );
    return this.configure(urn, resource.type, resource.inputs ?? {});
  }

  /** @throws UserError where the stack forbids default providers of the package */
  refuseDisabledDefault(type: string, urn: string): void {
    const name = packageOf(type);
    if (!this.#disabledDefaults.includes(name) && !this.#disabledDefaults.includes("*")) return;
    throw new UserError(
      "default-provider-disabled",
      `${urn} has no explicit provider, and the stack disables the default provider of "${name}": pass { provider } or { parent } with one`,
    );
  }
}
