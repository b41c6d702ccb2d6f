import ts from "typescript";
import type { Sources } from "./source-tree.ts";

export const MAX_FILE_LINES = 400;
export const MAX_FUNCTION_LINES = 40;

export const linesOf = (text: string): number => text.replace(/\n$/, "").split("\n").length;

/** A suite is a list of tests, not a function that somebody has to follow from top to bottom. */
function isSuite({ parent }: ts.Node): boolean {
  if (!ts.isCallExpression(parent)) return false;
  const callee = ts.isPropertyAccessExpression(parent.expression) ? parent.expression.expression : parent.expression;
  return ts.isIdentifier(callee) && callee.text === "describe";
}

/** What a function is called in a message: its name, or that of what it is given to. */
function nameOf(node: ts.FunctionLikeDeclaration): string {
  if (ts.isConstructorDeclaration(node)) return "constructor";
  const named = node.name ?? (node.parent as Partial<ts.NamedDeclaration>).name;
  return named?.getText() ?? "a function without a name";
}

function longFunctions(path: string, text: string): string[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const lineOf = (position: number): number => file.getLineAndCharacterOfPosition(position).line;
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && "body" in node && node.body && !isSuite(node)) {
      const { body } = node;
      const first = lineOf(body.getStart(file));
      const lines = lineOf(body.getEnd()) - first + 1;
      if (lines > MAX_FUNCTION_LINES) found.push(`${path}:${first + 1} ${nameOf(node)} has ${lines} lines`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** Files and functions that are too long to be read in one go. */
export function oversized(sources: Sources): string[] {
  return [...sources].flatMap(([path, text]) => {
    const lines = linesOf(text);
    return [...(lines > MAX_FILE_LINES ? [`${path} has ${lines} lines`] : []), ...longFunctions(path, text)];
  });
}
