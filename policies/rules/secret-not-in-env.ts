import { containersOf, type EnvVar, type Subject } from "../kubernetes.ts";
import { resourcePolicy } from "../rule.ts";

const SECRET_NAME = /PASSWORD|SECRET|TOKEN|API_?KEY/i;

/** Where a secret lies or is made is no secret: `TOKEN_FILE=/run/token` is what the remedy asks for. Reads no other value. */
const isPlace = (variable: EnvVar): boolean => {
  const [, kind] = /_(FILE|PATH|DIR|URL)$/i.exec(variable.name ?? "") ?? [];
  if (kind === undefined) return false;
  return (kind.toUpperCase() === "URL" ? /^https?:\/\/[^@?#]+$/ : /^\//).test(String(variable.value));
};

/** No pod template shows a secret to all who may read pods; the value is not shown here either. */
export function* secretEnvProblems(subject: Subject, allow: readonly string[]): Iterable<string> {
  for (const { where, container } of containersOf(subject)) {
    for (const variable of container.env ?? []) {
      const name = variable.name ?? "";
      // By `in`: a value that a preview does not know yet is a literal all the same.
      if (!SECRET_NAME.test(name) || !("value" in variable) || allow.includes(name)) continue;
      if (isPlace(variable)) continue;
      yield `${where}: variable ${name} has a literal value: take it from a Secret by valueFrom.secretKeyRef, or mount a file`;
    }
  }
}

/** Configured by `allow`: variables that only sound like a secret. */
export const secretNotInEnv = resourcePolicy({
  name: "secret-not-in-env",
  description: "Secrets reach containers from Secret objects.",
  option: { name: "allow", description: "names of variables whose value is no secret" },
  problems: secretEnvProblems,
});
