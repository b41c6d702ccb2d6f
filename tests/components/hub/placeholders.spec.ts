import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Placeholders, type PlaceholdersArgs } from "../../../components/hub/placeholders.ts";
import { outline, recordParts, resourceOf } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const build = (own: Partial<PlaceholdersArgs> = {}) =>
  recordParts(
    (opts) =>
      new Placeholders(
        "room",
        {
          namespace: pulumi.output("library-hub"),
          image: "registry.test/pause@sha256:1",
          priorityClass: "library-placeholder",
          count: 3,
          cpu: "500m",
          memory: "4Gi",
          ...own,
        },
        opts,
      ),
  );

const selector = { "app.kubernetes.io/part-of": "carrel", "app.kubernetes.io/name": "placeholder" };
const podLabels = { ...labels("hub"), ...selector };
const size = { cpu: "500m", memory: "4Gi" };
const podSpec = {
  automountServiceAccountToken: false,
  priorityClassName: "library-placeholder",
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65534,
    runAsGroup: 65534,
    fsGroup: 65534,
    seccompProfile: { type: "RuntimeDefault" },
  },
  terminationGracePeriodSeconds: 0,
  enableServiceLinks: false,
  containers: [
    {
      name: "pause",
      image: "registry.test/pause@sha256:1",
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      },
      resources: { requests: size, limits: size },
    },
  ],
};

describe("Placeholders", () => {
  it("are pods of a server's size that give way at once, and that nobody waits for", async () => {
    const { resources } = await build();
    assert.deepEqual(outline(resources), [
      " > carrel:hub:Placeholders room",
      "room > kubernetes:apps/v1:Deployment room-deployment",
    ]);
    assert.deepEqual(resourceOf(resources, "room-deployment").inputs, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: {
        name: "placeholder",
        namespace: "library-hub",
        labels: podLabels,
        annotations: { "pulumi.com/skipAwait": "true" },
      },
      spec: {
        replicas: 3,
        selector: { matchLabels: selector },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "100%", maxSurge: 0 } },
        template: { metadata: { labels: podLabels }, spec: podSpec },
      },
    });
  });

  it("are put where servers are, by the scheduler that they have", async () => {
    const { resources } = await build({ schedulerName: "library-user-scheduler" });
    const { template } = resourceOf(resources, "room-deployment").inputs["spec"] as { template: { spec: object } };
    assert.deepEqual(template.spec, { ...podSpec, schedulerName: "library-user-scheduler" });
  });
});
