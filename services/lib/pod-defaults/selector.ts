import { isLabelKey, isLabelValue } from "./label-syntax.ts";
import { isObject, ownValue, type StringMap } from "./types.ts";

type Labels = StringMap | null | undefined;
const operators = ["In", "NotIn", "Exists", "DoesNotExist"] as const;
type Operator = (typeof operators)[number];

interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: ReadonlySet<string>;
  /** As kubectl writes it. */
  readonly text: string;
}

/** A label selector whose requirements all have to hold; none selects everything. */
export type Selector = readonly Requirement[];

function textOf(key: string, operator: Operator, values: readonly string[]): string {
  if (operator === "Exists") return key;
  if (operator === "DoesNotExist") return `!${key}`;
  return `${key} ${operator === "In" ? "in" : "notin"} (${values.join(", ")})`;
}

function holds({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = ownValue(labels, key);
  if (operator === "In") return value !== undefined && values.has(value);
  if (operator === "NotIn") return value === undefined || !values.has(value);
  return (value !== undefined) === (operator === "Exists");
}

/** The requirement that labels do not meet, if any. */
export function unmet(selector: Selector, labels: Labels): string | undefined {
  return selector.find((requirement) => !holds(requirement, labels))?.text;
}

export function matches(selector: Selector, labels: Labels): boolean {
  for (const requirement of selector) if (!holds(requirement, labels)) return false;
  return true;
}

const isOperator = (value: unknown): value is Operator => operators.some((operator) => operator === value);
const shown = (value: unknown): string => JSON.stringify(value) ?? "nothing";

function labelRequirements(given: unknown, at: string, reasons: string[]): Requirement[] {
  if (given === undefined || given === null) return [];
  if (!isObject(given)) {
    reasons.push(`${at} must be an object, got ${shown(given)}`);
    return [];
  }
  return Object.entries(given).flatMap(([key, value]): Requirement[] => {
    if (!isLabelKey(key)) reasons.push(`${at} has the key ${shown(key)}, which is no label key`);
    if (typeof value === "string" && isLabelValue(value)) {
      return [{ key, operator: "In", values: new Set([value]), text: `${key}=${value}` }];
    }
    reasons.push(`${at}[${shown(key)}] must be a label value, got ${shown(value)}`);
    return [];
  });
}

function valuesOf(given: unknown, operator: Operator, at: string, reasons: string[]): string[] {
  const values: unknown = given ?? [];
  const valid = (value: unknown): value is string => typeof value === "string" && isLabelValue(value);
  if (!Array.isArray(values) || !values.every(valid)) {
    reasons.push(`${at}.values must be a list of label values, got ${shown(given)}`);
    return [];
  }
  const needed = operator === "In" || operator === "NotIn";
  if (needed === values.length > 0) return values;
  reasons.push(`${at}.values must ${needed ? "have a value" : "be empty"} with ${operator}, got ${shown(given)}`);
  return [];
}

function expressionRequirement(given: unknown, at: string, reasons: string[]): Requirement[] {
  if (!isObject(given)) {
    reasons.push(`${at} must be an object, got ${shown(given)}`);
    return [];
  }
  const { key, operator } = given;
  if (typeof key !== "string" || !isLabelKey(key)) {
    reasons.push(`${at}.key must be a label key, got ${shown(key)}`);
    return [];
  }
  if (!isOperator(operator)) {
    reasons.push(`${at}.operator must be one of ${operators.join(", ")}, got ${shown(operator)}`);
    return [];
  }
  const values = valuesOf(given["values"], operator, at, reasons);
  return [{ key, operator, values: new Set(values), text: textOf(key, operator, values) }];
}

/**
 * Reads a `LabelSelector`; what the API machinery cannot convert is a reason. An absent one selects everything, as
 * upstream's, whose selector is no pointer.
 */
export function parseSelector(given: unknown, at: string, reasons: string[]): Selector {
  if (given === undefined || given === null) return [];
  if (!isObject(given)) {
    reasons.push(`${at} must be an object, got ${shown(given)}`);
    return [];
  }
  const expressions: unknown = given["matchExpressions"] ?? [];
  if (!Array.isArray(expressions)) reasons.push(`${at}.matchExpressions must be a list, got ${shown(expressions)}`);
  return [
    ...labelRequirements(given["matchLabels"], `${at}.matchLabels`, reasons),
    ...(Array.isArray(expressions) ? expressions : []).flatMap((expression, i) =>
      expressionRequirement(expression, `${at}.matchExpressions[${i}]`, reasons),
    ),
  ];
}
