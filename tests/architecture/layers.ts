import { importsOf, isFile, runtimeImportsOf, type Sources } from "./source-tree.ts";

interface Layer {
  /** Areas that it may import, beside itself. */
  readonly areas: readonly string[];
  readonly packages: readonly string[];
}

const layer = (areas: readonly string[], packages: readonly string[] = []): Layer => ({ areas, packages });

/** The dependency direction of docs/design, area by area; tests may import everything, and nothing imports them. */
const layers: Readonly<Record<string, Layer>> = {
  quota: layer([]),
  crds: layer([]),
  "services/lib": layer([]),
  "services/*": layer(["quota", "crds", "services/lib"]),
  "services/api": layer(["quota", "crds", "services/lib"], ["@pothos/core", "graphql", "graphql-yoga", "jose"]),
  "services/ssh": layer(["quota", "crds", "services/lib"], ["ssh2"]),
  config: layer(["services/lib"]),
  images: layer(["services/lib"], ["@cyclonedx/cyclonedx-library", "esbuild", "tar-stream"]),
  "components/core": layer(["quota", "crds"], ["@pulumi/kubernetes", "@pulumi/pulumi", "@pulumi/tls"]),
  "components/*": layer(
    ["quota", "crds", "components/core"],
    ["@pulumi/kubernetes", "@pulumi/pulumi", "@pulumi/random", "@pulumi/tls"],
  ),
  stacks: layer(
    ["crds", "config", "images", "components/core", "components/*"],
    ["@pulumi/kubernetes", "@pulumi/pulumi"],
  ),
  "index.ts": layer(["services/lib", "config", "stacks", "lab/endpoints.ts"], ["@pulumi/kubernetes", "@pulumi/pulumi"]),
  policies: layer(["quota", "crds"], ["@pulumi/kubernetes", "@pulumi/policy"]),
  lab: layer(
    ["services/lib", "crds", "images"],
    [
      ...["@grpc/grpc-js", "@peculiar/x509", "@pulumi/pulumi", "bcryptjs", "fast-json-patch", "google-protobuf"],
      ...["reflect-metadata", "sshpk", "yaml"],
    ],
  ),
  cli: layer(["services/lib", "crds", "quota", "lab/endpoints.ts"], ["yaml"]),
  bench: layer(
    ["services/lib", "services/*", "crds", "images", "lab"],
    ["@peculiar/x509", "fast-json-patch", "reflect-metadata"],
  ),
};

/** The only packages outside of the table; neither the services nor the program lead to these files. */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  // Kubeconfigs are YAML; in a cluster, in-cluster.ts stands in for it.
  "services/lib/kube/config.ts": ["yaml"],
  // Writes the README's table and checks it against the stack files.
  "config/docs.ts": ["yaml"],
};

/** The area of a file: its top folder, or the folder below it in `services` and `components`. */
export function areaOf(path: string): string {
  const [top = "", second = "", ...rest] = path.split("/");
  return (top === "services" || top === "components") && rest.length > 0 ? `${top}/${second}` : top;
}

/** The layer's key: `services/admission` has the rules of `services/*`. */
const keyOf = (area: string): string => (area in layers ? area : area.replace(/^(services|components)\/.*/, "$1/*"));

function allows(from: string, imported: string): boolean {
  const rules = layers[keyOf(areaOf(from))];
  if (rules === undefined) return false;
  if (!isFile(imported)) {
    return imported.startsWith("node:") || [...rules.packages, ...(exceptions[from] ?? [])].includes(imported);
  }
  const area = areaOf(imported);
  return area === areaOf(from) || [area, keyOf(area), imported].some((name) => rules.areas.includes(name));
}

/** Imports against the dependency direction, as `file -> import`. */
export function layerOffences(sources: Sources): string[] {
  return [...sources]
    .filter(([path]) => areaOf(path) !== "tests")
    .flatMap(([path, text]) =>
      importsOf(path, text)
        .filter((imported) => !allows(path, imported))
        .map((imported) => `${path} -> ${imported}`),
    );
}

/** Circles of imports that Node follows, each as the path that closes it; types alone may point both ways. */
export function circles(sources: Sources): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path].join(" -> "));
    if (start >= 0 || done.has(path)) return;
    const text = sources.get(path);
    for (const next of text === undefined ? [] : runtimeImportsOf(path, text)) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of sources.keys()) visit(path, []);
  return found;
}
