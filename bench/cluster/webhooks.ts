import { refs } from "./objects.ts";
import type { Scene } from "./scene.ts";
import type { Service } from "./service.ts";

const shared = { admissionReviewVersions: ["v1"], matchPolicy: "Equivalent" };
const pods = { apiGroups: [""], apiVersions: ["v1"], scope: "Namespaced" };
const podsCreated = [{ ...pods, operations: ["CREATE"], resources: ["pods"] }];

/** The label of a namespace, and its values, that our webhooks are called in. */
export const CALLED = "bench.carrel.dev/called";
export const [MUTATE, FLOOR, QUOTA] = ["mutate", "floor", "quota"] as const;

/** Where a webhook is, and what its certificate is verified with. */
type Server = Pick<Service, "url" | "ca">;

const called = (scene: Scene, value: string): object => ({
  namespaceSelector: { matchLabels: { [CALLED]: `${value}-${scene.run}` } },
});
export const calledIn = (scene: Scene, value: string): Record<string, string> => ({
  [CALLED]: `${value}-${scene.run}`,
});

const clientConfig = (service: Server, path: string): object => ({
  clientConfig: { url: service.url(path), caBundle: Buffer.from(service.ca).toString("base64") },
});

/** PodDefaults and the image mirror, registered as the platform registers them for a namespace with both. */
export const registerMutating = (scene: Scene, service: Server): Promise<void> =>
  register(scene, service, MUTATE, "pod-defaults-image-mirror");

/** A webhook that answers with a constant patch, registered in the same way. */
export const registerFloor = (scene: Scene, floor: Server): Promise<void> => register(scene, floor, FLOOR, "");

async function register(scene: Scene, server: Server, value: string, name: string): Promise<void> {
  const { apiVersion, kind } = refs.mutating;
  const webhook = {
    ...shared,
    ...called(scene, value),
    name: `${name || value}.carrel.dev`,
    failurePolicy: "Fail",
    sideEffects: "None",
    timeoutSeconds: 3,
    reinvocationPolicy: "IfNeeded",
    rules: [...podsCreated, { ...pods, operations: ["UPDATE"], resources: ["pods/ephemeralcontainers"] }],
    ...clientConfig(server, `/${name}`),
  };
  const metadata = { name: scene.name(value) };
  await scene.make(refs.mutating, undefined, { apiVersion, kind, metadata, webhooks: [webhook] });
}

/** Quota, registered as the platform registers it. */
export async function registerQuota(scene: Scene, service: Service): Promise<void> {
  const { apiVersion, kind } = refs.validating;
  const webhook = {
    ...shared,
    ...called(scene, QUOTA),
    name: "quota.carrel.dev",
    failurePolicy: "Fail",
    sideEffects: "NoneOnDryRun",
    timeoutSeconds: 5,
    rules: [
      { ...pods, operations: ["CREATE"], resources: ["pods"] },
      { ...pods, operations: ["UPDATE"], resources: ["pods", "pods/resize"] },
    ],
    ...clientConfig(service, "/quota"),
  };
  const metadata = { name: scene.name("quota") };
  await scene.make(refs.validating, undefined, { apiVersion, kind, metadata, webhooks: [webhook] });
}
