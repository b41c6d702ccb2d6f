import { refs } from "./objects.ts";
import type { Scene } from "./scene.ts";
import type { Service } from "./service.ts";

const shared = { admissionReviewVersions: ["v1"], matchPolicy: "Equivalent" };
const pods = { apiGroups: [""], apiVersions: ["v1"], scope: "Namespaced" };
const podsCreated = [{ ...pods, operations: ["CREATE"], resources: ["pods"] }];

/** The label of a namespace, and its values, that our webhooks are called in. */
export const CALLED = "bench.carrel.dev/called";
export const [MUTATE, QUOTA] = ["mutate", "quota"];

const called = (scene: Scene, value: string): object => ({
  namespaceSelector: { matchLabels: { [CALLED]: `${value}-${scene.run}` } },
});
export const calledIn = (scene: Scene, value: string): Record<string, string> => ({
  [CALLED]: `${value}-${scene.run}`,
});

const clientConfig = (service: Service, path: string): object => ({
  clientConfig: { url: service.url(path), caBundle: Buffer.from(service.ca).toString("base64") },
});

/** PodDefaults and the image mirror, registered as the platform registers them. */
export async function registerMutating(scene: Scene, service: Service): Promise<void> {
  const { apiVersion, kind } = refs.mutating;
  const common = {
    ...shared,
    ...called(scene, MUTATE),
    failurePolicy: "Fail",
    sideEffects: "None",
    timeoutSeconds: 3,
    reinvocationPolicy: "IfNeeded",
  };
  const webhooks = [
    { ...common, name: "pod-defaults.carrel.dev", rules: podsCreated, ...clientConfig(service, "/pod-defaults") },
    {
      ...common,
      name: "image-mirror.carrel.dev",
      rules: [...podsCreated, { ...pods, operations: ["UPDATE"], resources: ["pods/ephemeralcontainers"] }],
      ...clientConfig(service, "/image-mirror"),
    },
  ];
  await scene.make(refs.mutating, undefined, { apiVersion, kind, metadata: { name: scene.name("mutate") }, webhooks });
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
