import { podDefaults, rules } from "./corpus.ts";

/** What a program reads of a pod that has to do one thing for one set-up, and takes for granted that it is well-formed. */
export interface PlainContainer {
  readonly name: string;
  image: string;
  env?: object[];
  volumeMounts?: object[];
}
export interface PlainPod {
  metadata: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: { containers: PlainContainer[]; ephemeralContainers?: PlainContainer[]; volumes?: object[] };
}
export interface PlainRequest {
  readonly uid: string;
  readonly operation: string;
  readonly subResource?: string;
  readonly object: PlainPod;
  readonly oldObject?: PlainPod | null;
}

const STAMP = "carrel.dev/pod-defaults-applied";

/** The mirrored name of an image, by string operations. */
export function mirrored(image: string): string {
  const slash = image.indexOf("/");
  const first = slash < 0 ? "" : image.slice(0, slash);
  const full = first.includes(".") ? image : `docker.io/${slash < 0 ? "library/" : ""}${image}`;
  for (const { from, to } of rules) if (full.startsWith(`${from}/`)) return to + full.slice(from.length);
  return image;
}

/** The images that a request brings: on an update only those that changed. */
export function broughtImages({ operation, subResource, object, oldObject }: PlainRequest) {
  const list = subResource === "ephemeralcontainers" ? ("ephemeralContainers" as const) : ("containers" as const);
  const before = operation === "UPDATE" ? (oldObject?.spec[list] ?? []) : [];
  return (object.spec[list] ?? []).flatMap((container, i) =>
    before.some(({ name, image }) => name === container.name && image === container.image)
      ? []
      : [{ list, i, image: container.image }],
  );
}

/** The patch that mirrors images, as text; empty where there is none. */
export function mirrorPatch(request: PlainRequest): string {
  let text = "";
  for (const { list, i, image } of broughtImages(request)) {
    const to = mirrored(image);
    if (to === image) continue;
    text += `${text === "" ? "[" : ","}{"op":"replace","path":"/spec/${list}/${i}/image","value":"${to}"}`;
  }
  return text === "" ? "" : `${text}]`;
}

/** The PodDefaults that a pod's labels select; each has one label. */
export function selected(pod: PlainPod) {
  return podDefaults.filter(({ metadata }) => pod.metadata.labels?.[`default-${metadata.name}`] === "yes");
}

type Field = "env" | "volumes" | "volumeMounts";

function added(pointer: string, present: readonly object[] | undefined, items: readonly object[]): string {
  if (present === undefined) return `{"op":"add","path":"${pointer}","value":${JSON.stringify(items)}}`;
  return items.map((item) => `{"op":"add","path":"${pointer}/-","value":${JSON.stringify(item)}}`).join(",");
}

/** The patch that applies PodDefaults, as text; nothing is compared, as nothing of the corpus conflicts. */
export function podDefaultsPatch({ object }: PlainRequest): string {
  const chosen = selected(object);
  if (chosen.length === 0) return "";
  const all = (field: Field): readonly object[] => chosen.flatMap(({ spec }): readonly object[] => spec[field]);
  const [env, mounts] = [all("env"), all("volumeMounts")];
  const parts = object.spec.containers.flatMap((container, i) => [
    added(`/spec/containers/${i}/env`, container.env, env),
    added(`/spec/containers/${i}/volumeMounts`, container.volumeMounts, mounts),
  ]);
  parts.push(added("/spec/volumes", object.spec.volumes, all("volumes")));
  const stamp = { [STAMP]: stampOf(chosen) };
  parts.push(`{"op":"add","path":"/metadata/annotations","value":${JSON.stringify(stamp)}}`);
  return `[${parts.join(",")}]`;
}

const stampOf = (chosen: typeof podDefaults): string => chosen.map(({ metadata }) => `${metadata.name}=1`).join(",");

/** Both, on the pod itself: what an action of a framework does. */
export function rewrite(request: PlainRequest, pod: PlainPod): void {
  for (const { list, i, image } of broughtImages(request)) {
    const container = pod.spec[list]?.[i];
    if (container) container.image = mirrored(image);
  }
  const chosen = request.operation === "CREATE" ? selected(request.object) : [];
  if (chosen.length === 0) return;
  for (const container of pod.spec.containers) {
    container.env = [...(container.env ?? []), ...chosen.flatMap(({ spec }) => spec.env)];
    container.volumeMounts = [...(container.volumeMounts ?? []), ...chosen.flatMap(({ spec }) => spec.volumeMounts)];
  }
  pod.spec.volumes = [...(pod.spec.volumes ?? []), ...chosen.flatMap(({ spec }) => spec.volumes)];
  pod.metadata.annotations = { ...pod.metadata.annotations, [STAMP]: stampOf(chosen) };
}
