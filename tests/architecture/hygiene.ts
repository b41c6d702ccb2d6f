/** A pin that names one version; a tilde or a caret is a range. */
const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/;
/** TypeScript is pinned to a minor: Pulumi refuses the next one (ADR 0002). */
const ranges: Readonly<Record<string, RegExp>> = { typescript: /^~\d+\.\d+\.\d+$/ };

interface Rule {
  readonly name: string;
  readonly pattern: RegExp;
}

// Written so that this file does not find itself.
const word = (...parts: string[]): string => parts.join("");
const rules: readonly Rule[] = [
  { name: "unfinished", pattern: new RegExp(`\\b(${word("TO", "DO")}|${word("FIX", "ME")}|${word("X", "XX")})\\b`) },
  {
    name: "path of one machine",
    pattern: new RegExp(`(?<![\\w.:/-])/(${["root", "home", "work", "Users"].join("|")})/(?!nonroot)[\\w.]`),
  },
  {
    name: "registry host",
    pattern: new RegExp(
      [word("proxy.golang", ".org"), word("registry.npmjs", ".org"), word("deb.debian", ".org")]
        .join("|")
        .replaceAll(".", "\\."),
    ),
  },
];

/** What a source line must not have, as `file:line rule: text`. */
export function lineOffences(path: string, text: string): string[] {
  return text
    .split("\n")
    .flatMap((line, i) =>
      rules
        .filter(({ pattern }) => pattern.test(line))
        .map(({ name }) => `${path}:${i + 1} ${name}: ${line.trim().slice(0, 120)}`),
    );
}

type Dependencies = Readonly<Record<string, string>>;
export interface Manifest {
  readonly dependencies?: Dependencies;
  readonly devDependencies?: Dependencies;
  readonly peerDependencies?: Dependencies;
  readonly optionalDependencies?: Dependencies;
}

/** Dependencies that are not pinned to one version. */
export function looseDependencies(path: string, manifest: Manifest): string[] {
  const { dependencies, devDependencies, peerDependencies, optionalDependencies } = manifest;
  const all = [dependencies, devDependencies, peerDependencies, optionalDependencies];
  return all
    .flatMap((some) => Object.entries(some ?? {}))
    .filter(([name, version]) => !(ranges[name] ?? EXACT).test(version))
    .map(([name, version]) => `${path}: ${name} ${version}`);
}

/** Packages of a lockfile that name where they were downloaded from, which another mirror cannot serve. */
export function downloadedFrom(lockfile: {
  readonly packages: Readonly<Record<string, { resolved?: string }>>;
}): string[] {
  return Object.entries(lockfile.packages)
    .filter(([, { resolved }]) => resolved !== undefined && /^[a-z+]+:/.test(resolved))
    .map(([name, { resolved }]) => `${name} ${resolved}`);
}
