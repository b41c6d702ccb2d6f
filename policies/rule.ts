import type {
  PolicyConfigSchema,
  ReportViolation,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import { type Subject, subjectsOf } from "./kubernetes.ts";

/** What is wrong, where, what was given and how to mend it; advice is shown and stops nothing. */
export type Problem = string | { readonly advice: string };

/** The one thing of a rule that a site can set: a list of names. */
export interface ListOption {
  readonly name: string;
  readonly description: string;
}

/** A rule over single objects. */
export interface Rule {
  readonly name: string;
  readonly description: string;
  readonly option?: ListOption;
  /** Yields one by one, so that what was found before an unknown value still counts. */
  readonly problems: (subject: Subject, listed: readonly string[]) => Iterable<Problem>;
}

/** A message, and the object that it is told of. */
export interface StackProblem {
  readonly message: string;
  readonly subject: Subject;
}

/** A rule over objects that only together tell whether they are right. */
export interface StackRule {
  readonly name: string;
  readonly description: string;
  readonly option?: ListOption;
  /** Yields one by one, as a rule over single objects. */
  readonly problems: (subjects: readonly Subject[], listed: readonly string[]) => Iterable<StackProblem>;
}

/** A message in the one order they all have. */
export function fieldProblem(where: string, field: string, value: unknown, remedy: string): string {
  const given = value === undefined || value === null ? "not stated" : JSON.stringify(value);
  return `${where}: ${field} is ${given}: ${remedy}`;
}

/** The schema of a rule's option, for engines that check configuration. */
export function schemaOf({ name, description }: ListOption): PolicyConfigSchema {
  return { properties: { [name]: { type: "array", items: { type: "string" }, default: [], description } } };
}

/**
 * Reads the option; an engine need not have applied the schema, neither its default nor its type.
 * @throws Error for anything but a list of strings
 */
export function listFrom(config: object, policy: string, option: ListOption | undefined): readonly string[] {
  if (option === undefined) return [];
  const value = (config as Readonly<Record<string, unknown>>)[option.name] ?? [];
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  const given = JSON.stringify(value);
  throw new Error(`policy ${policy}: ${option.name} is ${given}: write a list of strings in the pack's configuration`);
}

/** The SDK takes a violation with a level of its own, though its types only tell of strings. */
function advise(report: ReportViolation, { name, description }: Rule, advice: string): void {
  const violation = { name, message: `${description}\n${advice}`, enforcementLevel: "advisory" };
  report(violation as unknown as string);
}

/** A rule as Pulumi runs it. An unknown value of a preview ends the check by the SDK's own error, never caught here. */
export function resourcePolicy(rule: Rule): ResourceValidationPolicy {
  const { name, description, option } = rule;
  return {
    name,
    description,
    ...(option === undefined ? {} : { configSchema: schemaOf(option) }),
    validateResource: (args, report) => {
      const listed = listFrom(args.getConfig(), name, option);
      for (const subject of subjectsOf(args.type, args.name, args.props)) {
        for (const problem of rule.problems(subject, listed)) {
          if (typeof problem === "string") report(problem);
          else advise(report, rule, problem.advice);
        }
      }
    },
  };
}

/** A rule over the stack as Pulumi runs it, after the resources themselves. */
export function stackPolicy({ name, description, option, problems }: StackRule): StackValidationPolicy {
  return {
    name,
    description,
    ...(option === undefined ? {} : { configSchema: schemaOf(option) }),
    validateStack: ({ resources, getConfig }, report) => {
      const entries = resources.flatMap((resource) =>
        subjectsOf(resource.type, resource.name, resource.props).map((subject) => [subject, resource.urn] as const),
      );
      const urns = new Map(entries);
      for (const { message, subject } of problems([...urns.keys()], listFrom(getConfig(), name, option))) {
        report(message, urns.get(subject));
      }
    },
  };
}
