import { FieldReader } from "../services/lib/pod-defaults/field-reader.ts";
import { type Normalised, normalisePodDefault } from "../services/lib/pod-defaults/normalise.ts";
import { UserError } from "../services/lib/user-error.ts";
import { isOf, kindsOf, type Manifest, manifestsAt } from "./manifests.ts";
import { refuse } from "./pod.ts";

const API_VERSION = "kubeflow.org/v1alpha1";
const KIND = "PodDefault";

function podDefaultsAt(path: string): readonly Manifest[] {
  const manifests = manifestsAt(path);
  const found = manifests.filter((manifest) => isOf(manifest, API_VERSION, KIND));
  if (found.length > 0) return found;
  throw new UserError(
    "no-pod-default",
    `${path} has ${kindsOf(manifests)}: name a file or a folder with a ${KIND} of ${API_VERSION}`,
  );
}

function read(manifest: Manifest, namespace: string): { readonly key: string; readonly podDefault: Normalised } {
  const metadata = new FieldReader(manifest.object["metadata"], "metadata");
  const name = metadata.string("name") ?? "";
  const own = metadata.string("namespace") || namespace;
  const resourceVersion = metadata.string("resourceVersion") ?? "";
  const nameless = name === "" && metadata.reasons.length === 0 ? ["metadata.name is not stated: write one"] : [];
  refuse(manifest, [...metadata.reasons, ...nameless]);
  const object = { metadata: { name, namespace: own, resourceVersion }, spec: manifest.object["spec"] };
  return { key: `${own}/${name}`, podDefault: normalisePodDefault(object) };
}

/**
 * The PodDefaults of files and folders; of one that stands there twice the last counts, as it would be applied.
 * @param namespace of those that state none, as kubectl would create them
 * @throws UserError for a path that has none
 */
export function podDefaultsFrom(paths: readonly string[], namespace: string): readonly Normalised[] {
  const found = new Map<string, Normalised>();
  for (const manifest of paths.flatMap(podDefaultsAt)) {
    const { key, podDefault } = read(manifest, namespace);
    found.set(key, podDefault);
  }
  return [...found.values()];
}
