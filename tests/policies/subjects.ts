import assert from "node:assert/strict";
import { type KubernetesObject, type Subject, subjectsOf } from "../../policies/kubernetes.ts";

/** A digest of the right form. */
export const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

/** The one object of a resource, as the pack would see it. */
export function subject(type: string, props: object, name = "it"): Subject {
  const [only, ...others] = subjectsOf(`kubernetes:${type}`, name, props as KubernetesObject);
  assert.ok(only && others.length === 0, `${type} is not one object`);
  return only;
}

export const pod = (spec: object, metadata: object = {}): Subject => subject("core/v1:Pod", { metadata, spec });

const ADMISSION = "admissionregistration.k8s.io/v1";
export const VALIDATING = `${ADMISSION}:ValidatingWebhookConfiguration`;
export const MUTATING = `${ADMISSION}:MutatingWebhookConfiguration`;

/** A webhook that no rule refuses. */
export const goodWebhook = {
  name: "quota.carrel.dev",
  failurePolicy: "Fail",
  timeoutSeconds: 5,
  sideEffects: "NoneOnDryRun",
  admissionReviewVersions: ["v1"],
  namespaceSelector: {
    matchLabels: { "primehub.io/resources-validation-webhook": "enabled" },
    matchExpressions: [
      { key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["carrel-system", "work", "kube-system"] },
    ],
  },
  clientConfig: { service: { name: "admission", namespace: "carrel-system", path: "/quota" }, caBundle: "Q0E=" },
};

/** A configuration of that webhook with some fields changed; `undefined` leaves a field out. */
export function webhook(changes: object = {}, type = VALIDATING): Subject {
  const fields = Object.entries({ ...goodWebhook, ...changes }).filter(([, value]) => value !== undefined);
  return subject(type, { webhooks: [Object.fromEntries(fields)] }, "admission");
}

/** A pod that no rule refuses. */
export const goodPodSpec = {
  securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
  volumes: [{ name: "work", emptyDir: {} }],
  containers: [
    {
      name: "main",
      image: `registry.lab:5000/carrel/hub@${DIGEST}`,
      env: [{ name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } }],
      ports: [{ containerPort: 8000 }],
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } },
    },
  ],
};
