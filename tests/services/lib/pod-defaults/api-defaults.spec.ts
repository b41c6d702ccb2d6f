import assert from "node:assert/strict";
import {
  container,
  envVar,
  pullPolicyOf,
  type Shape,
  volume,
  volumeMount,
} from "../../../../services/lib/pod-defaults/api-defaults.ts";
import { sameAfterDefaulting } from "../../../../services/lib/pod-defaults/equality.ts";

describe("API defaults", () => {
  const cases: readonly (readonly [string, Shape, object, object])[] = [
    [
      "a secret's mode",
      volume,
      { name: "v", secret: { secretName: "s" } },
      { name: "v", secret: { secretName: "s", defaultMode: 420 } },
    ],
    ["a volume without source", volume, { name: "v" }, { name: "v", emptyDir: {} }],
    [
      "a size limit",
      volume,
      { name: "v", emptyDir: { sizeLimit: "1024Mi" } },
      { name: "v", emptyDir: { sizeLimit: "1Gi" } },
    ],
    [
      "a projected token",
      volume,
      { name: "v", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } },
      {
        name: "v",
        projected: { defaultMode: 420, sources: [{ serviceAccountToken: { path: "t", expirationSeconds: 3600 } }] },
      },
    ],
    [
      "a claim that is not read-only",
      volume,
      { name: "v", persistentVolumeClaim: { claimName: "c", readOnly: false } },
      { name: "v", persistentVolumeClaim: { claimName: "c" } },
    ],
    [
      "an image volume",
      volume,
      { name: "v", image: { reference: "a:1" } },
      { name: "v", image: { reference: "a:1", pullPolicy: "IfNotPresent" } },
    ],
    [
      "a field's version",
      envVar,
      { name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name", apiVersion: "v1" } } },
    ],
    [
      "a resource's divisor",
      envVar,
      { name: "A", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
      { name: "A", valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "0" } } },
    ],
    ["an empty value", envVar, { name: "A", value: "" }, { name: "A" }],
    [
      "a writable mount",
      volumeMount,
      { name: "v", mountPath: "/v", readOnly: false, subPath: "" },
      { name: "v", mountPath: "/v" },
    ],
    [
      "a container",
      container,
      {
        name: "c",
        image: "a",
        command: null,
        resources: { limits: { cpu: "1000m", memory: "1Gi" }, requests: { cpu: 0.5 } },
        ports: [{ containerPort: 80 }],
        livenessProbe: { httpGet: { port: 80 } },
      },
      {
        name: "c",
        image: "a",
        imagePullPolicy: "Always",
        resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m", memory: "1Gi" } },
        ports: [{ containerPort: 80, protocol: "TCP" }],
        livenessProbe: {
          httpGet: { port: 80, path: "/", scheme: "HTTP" },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
        terminationMessagePath: "/dev/termination-log",
        terminationMessagePolicy: "File",
      },
    ],
  ];
  for (const [name, shape, stated, stored] of cases) {
    it(`make ${name} equal to what is stored, both ways round`, () => {
      assert.equal(sameAfterDefaulting(stated, stored, shape), true);
      assert.equal(sameAfterDefaulting(stored, stated, shape), true);
    });
  }

  it("take limits for requests where there are none at all", () => {
    const sized = (resources: object) => ({ name: "c", image: "a:1", resources });
    const limits = { cpu: "1" };
    assert.equal(sameAfterDefaulting(sized({ limits }), sized({ limits, requests: { cpu: 1 } }), container), true);
    assert.equal(sameAfterDefaulting(sized({ limits }), sized({ limits, requests: { cpu: 2 } }), container), false);
    assert.equal(sameAfterDefaulting(sized({ requests: limits }), sized({ limits }), container), false);
  });

  it("do not hide a statement", () => {
    const claim = (storageClassName?: string) => ({
      name: "v",
      ephemeral: { volumeClaimTemplate: { spec: { ...(storageClassName === undefined ? {} : { storageClassName }) } } },
    });
    assert.equal(sameAfterDefaulting(claim(""), claim(), volume), false);
    assert.equal(
      sameAfterDefaulting({ name: "v", secret: { defaultMode: 256 } }, { name: "v", secret: {} }, volume),
      false,
    );
    assert.equal(
      sameAfterDefaulting(
        { name: "c", image: "a:1" },
        { name: "c", image: "a:1", imagePullPolicy: "Always" },
        container,
      ),
      false,
    );
  });

  it("pull a latest image always", () => {
    const images = ["a", "a:latest", "r:5000/a", "r:5000/a:1", "a:1", "a@sha256:0", "a:latest@sha256:0", undefined];
    assert.deepEqual(images.map(pullPolicyOf), [
      "Always",
      "Always",
      "Always",
      "IfNotPresent",
      "IfNotPresent",
      "IfNotPresent",
      "Always",
      "Always",
    ]);
  });
});
