import { UserError } from "../../../services/lib/user-error.ts";
import type { Check, CheckResult, Create, Created, DiffResult, Existing, Provider } from "../provider.ts";
import { diffValues, hasUnknown, type Props } from "../values.ts";

/** A type whose resources are values made once from their inputs. */
export interface ValueType {
  readonly required: readonly string[];
  /** Every input that may be given, with its default. */
  readonly defaults: Props;
  readonly secrets: readonly string[];
  make(inputs: Props): Created | Promise<Created>;
  /** A reason of its own to make the value again. */
  expired?(existing: Existing): string | undefined;
}

/** Resources that live in the state alone: made once, replaced when an input changes, and forgotten. */
export abstract class ValueProvider implements Provider {
  protected abstract readonly package: string;
  protected abstract readonly types: Readonly<Record<string, ValueType>>;

  configure(_inputs: Props): Promise<void> {
    return Promise.resolve();
  }

  check({ type, news }: Check): Promise<CheckResult> {
    const { required, defaults } = this.#typeOf(type);
    const missing = required.filter((name) => news[name] === undefined || news[name] === null);
    const unknown = Object.keys(news).filter((name) => !required.includes(name) && !(name in defaults));
    return Promise.resolve({
      inputs: { ...Object.fromEntries(Object.entries(defaults).filter(([, value]) => value !== undefined)), ...news },
      failures: [
        ...missing.map((property) => ({ property, reason: "is required" })),
        ...unknown.map((property) => ({ property, reason: `is not supported by the lab's engine for ${type}` })),
      ],
    });
  }

  diff(existing: Existing, inputs: Props): Promise<DiffResult> {
    const changes = diffValues(existing.inputs, inputs).map((change) => ({ ...change, replaces: true }));
    const reason = this.#typeOf(existing.type).expired?.(existing);
    if (reason !== undefined)
      changes.push({ path: "readyForRenewal", kind: "update", old: false, new: reason, replaces: true });
    return Promise.resolve({ changes, replace: changes.length > 0, deleteBeforeReplace: false });
  }

  async create({ type, inputs, preview }: Create): Promise<Created> {
    if (preview || hasUnknown(inputs)) return { id: "", outputs: inputs };
    const made = await this.#typeOf(type).make(inputs);
    return { id: made.id, outputs: { ...inputs, ...made.outputs } };
  }

  read({ id, outputs }: Existing): Promise<Created | undefined> {
    return Promise.resolve(Object.keys(outputs).length === 0 ? undefined : { id, outputs });
  }

  update(): Promise<{ readonly outputs: Props }> {
    return Promise.reject(new Error(`${this.package} resources are replaced, never updated`));
  }

  delete(): Promise<void> {
    return Promise.resolve();
  }

  invoke(token: string): Promise<Props> {
    return Promise.reject(
      new UserError("invoke-unsupported", `the lab's engine does not support the function ${token}: use Pulumi's CLI`),
    );
  }

  secretOutputs(type: string): readonly string[] {
    return this.types[type]?.secrets ?? [];
  }

  #typeOf(type: string): ValueType {
    const known = this.types[type];
    if (known) return known;
    throw new UserError(
      "type-unsupported",
      `the lab's engine does not support ${type}, only ${Object.keys(this.types).join(", ")}: use Pulumi's CLI (ENGINE=pulumi)`,
    );
  }
}
