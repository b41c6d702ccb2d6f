import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { clientConfig } from "../../../components/admission/client-config.ts";
import { record } from "../../support/mocks.ts";

const resolved = async (path: string): Promise<unknown> => {
  const target = {
    caPem: pulumi.output("a certificate: ä"),
    service: { name: pulumi.output("admission"), namespace: pulumi.output("library-system") },
  };
  const { built } = await record(
    () => new Promise((resolve) => void pulumi.output(clientConfig(target, path)).apply(resolve)),
  );
  return built;
};

describe("clientConfig", () => {
  it("is a path of the service on its port, trusted by the certificate in base64", async () => {
    assert.deepEqual(await resolved("/quota"), {
      caBundle: "YSBjZXJ0aWZpY2F0ZTogw6Q=",
      service: { name: "admission", namespace: "library-system", path: "/quota", port: 443 },
    });
  });
});
