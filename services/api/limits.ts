import {
  type ASTVisitor,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValidationContext,
} from "graphql";
import { ApiError } from "./errors.ts";
import { DEFAULT_PAGE, MAX_PAGE } from "./page.ts";

/** What one request may ask for. */
export interface QueryLimits {
  readonly depth: number;
  readonly aliases: number;
  /** Fields, each as often as its lists may have items. */
  readonly cost: number;
  readonly tokens: number;
}

export const standardLimits: QueryLimits = { depth: 8, aliases: 15, cost: 10_000, tokens: 1_000 };

interface Measured {
  readonly depth: number;
  readonly aliases: number;
  readonly cost: number;
}

const none: Measured = { depth: 0, aliases: 0, cost: 0 };
const join = (a: Measured, b: Measured): Measured => ({
  depth: Math.max(a.depth, b.depth),
  aliases: a.aliases + b.aliases,
  cost: a.cost + b.cost,
});

/** Names of fields that answer in pages. */
function pagedFields(schema: GraphQLSchema): ReadonlySet<string> {
  const types = Object.values(schema.getTypeMap()).filter(isObjectType);
  const fields = types.flatMap((type) => Object.values(type.getFields()));
  return new Set(fields.filter(({ args }) => args.some(({ name }) => name === "first")).map(({ name }) => name));
}

function itemsOf(field: FieldNode, paged: ReadonlySet<string>): number {
  if (!paged.has(field.name.value)) return 1;
  const first = field.arguments?.find(({ name }) => name.value === "first")?.value;
  if (first === undefined) return DEFAULT_PAGE;
  // A variable may be anything.
  return first.kind === Kind.INT ? Math.min(Math.max(Number(first.value), 1), MAX_PAGE) : MAX_PAGE;
}

/** Measures an operation with its fragments as often as they are spread. */
class Meter {
  readonly #paged: ReadonlySet<string>;
  readonly #fragmentOf: (name: string) => FragmentDefinitionNode | null | undefined;
  readonly #known = new Map<string, Measured>();

  constructor(paged: ReadonlySet<string>, fragmentOf: (name: string) => FragmentDefinitionNode | null | undefined) {
    this.#paged = paged;
    this.#fragmentOf = fragmentOf;
  }

  set(selection: SelectionSetNode | undefined): Measured {
    return (selection?.selections ?? []).map((one) => this.#one(one)).reduce(join, none);
  }

  #one(selection: SelectionNode): Measured {
    if (selection.kind === Kind.INLINE_FRAGMENT) return this.set(selection.selectionSet);
    if (selection.kind === Kind.FRAGMENT_SPREAD) return this.#fragment(selection.name.value);
    const inner = this.set(selection.selectionSet);
    return {
      depth: inner.depth + 1,
      aliases: inner.aliases + (selection.alias === undefined ? 0 : 1),
      cost: 1 + inner.cost * itemsOf(selection, this.#paged),
    };
  }

  #fragment(name: string): Measured {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    // A circle of fragments is refused by another rule; here it must only end.
    this.#known.set(name, none);
    const measured = this.set(this.#fragmentOf(name)?.selectionSet);
    this.#known.set(name, measured);
    return measured;
  }
}

/** Introspection goes deep by its nature; it is measured in tokens and aliases alone. */
const isIntrospection = ({ selectionSet }: OperationDefinitionNode): boolean =>
  selectionSet.selections.every((one) => one.kind === Kind.FIELD && one.name.value.startsWith("__"));

/** A validation rule that refuses what is too deep, has too many aliases or would cost too much. */
export function limitRule(limits: QueryLimits): (context: ValidationContext) => ASTVisitor {
  return (context) => {
    const paged = pagedFields(context.getSchema());
    const meter = new Meter(paged, (name) => context.getFragment(name));
    const refuse = (what: string, given: number, most: number): void => {
      if (given <= most) return;
      context.reportError(new ApiError("BAD_REQUEST", `the query has ${what} ${given}, at most ${most}: ask for less`));
    };
    return {
      OperationDefinition: (operation) => {
        const { depth, aliases, cost } = meter.set(operation.selectionSet);
        refuse("aliases", aliases, limits.aliases);
        if (isIntrospection(operation)) return;
        refuse("depth", depth, limits.depth);
        refuse("cost", cost, limits.cost);
      },
    };
  };
}
