export const STACK_TYPE = "pulumi:pulumi:Stack";

export interface UrnParts {
  readonly stack: string;
  readonly project: string;
  /** Types from the outermost parent to the resource itself. */
  readonly qualifiedType: string;
  readonly name: string;
}

/** Reads `urn:pulumi:STACK::PROJECT::TYPE::NAME`; types hold single colons, names may hold anything. */
export function parseUrn(urn: string): UrnParts {
  const [head = "", project = "", qualifiedType = "", ...name] = urn.split("::");
  return { stack: head.slice("urn:pulumi:".length), project, qualifiedType, name: name.join("::") };
}

export function formatUrn({ stack, project, qualifiedType, name }: UrnParts): string {
  return `urn:pulumi:${stack}::${project}::${qualifiedType}::${name}`;
}

/** The URN of a resource; the stack itself does not show in its children's types. */
export function childUrn(
  stack: string,
  project: string,
  parent: string | undefined,
  type: string,
  name: string,
): string {
  const parentType = parent ? parseUrn(parent).qualifiedType : "";
  const qualifiedType = parentType === "" || parentType === STACK_TYPE ? type : `${parentType}$${type}`;
  return formatUrn({ stack, project, qualifiedType, name });
}

export const typeOf = (urn: string): string => parseUrn(urn).qualifiedType.split("$").at(-1) ?? "";
export const nameOf = (urn: string): string => parseUrn(urn).name;
