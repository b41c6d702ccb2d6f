import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { HubConfiguration } from "../../../components/hub/configuration.ts";
import { type Recording, recordParts } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const build = (): Promise<Recording<HubConfiguration>> =>
  recordParts(
    (opts) =>
      new HubConfiguration(
        "told",
        {
          namespace: pulumi.output("library-hub"),
          files: { "config.py": "configure()\n", "package/templates/page.html": "<p>" },
          settings: { publicUrl: "https://library.test", work: { storageClass: null } },
        },
        opts,
      ),
  );

const configMap = (part: string, data: Record<string, string>) => ({
  type: "kubernetes:core/v1:ConfigMap",
  name: `told-${part}`,
  parent: "told",
  provider: "cluster",
  dependsOn: [],
  inputs: {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { namespace: "library-hub", labels: labels("hub") },
    immutable: true,
    data,
  },
});

describe("HubConfiguration", () => {
  it("is two ConfigMaps without a fixed name, so that another content rolls the hub", async () => {
    const { resources, outputs } = await build();
    assert.deepEqual(resources, [
      { type: "carrel:hub:HubConfiguration", name: "told", parent: "", provider: "", dependsOn: [], inputs: {} },
      configMap("program", { "config.py": "configure()\n", "package--templates--page.html": "<p>" }),
      configMap("settings", {
        "hub.json": '{\n  "publicUrl": "https://library.test",\n  "work": {\n    "storageClass": null\n  }\n}\n',
      }),
    ]);
    assert.deepEqual(outputs, { told: { program: "told-program-generated", settings: "told-settings-generated" } });
  });

  it("tells where each entry belongs", async () => {
    assert.deepEqual((await build()).built.items, [
      { key: "config.py", path: "config.py" },
      { key: "package--templates--page.html", path: "package/templates/page.html" },
    ]);
  });
});
