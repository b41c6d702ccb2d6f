import assert from "node:assert/strict";
import { AddressPool } from "../../../components/exposure/address-pool.ts";
import { recordParts, resourceOf } from "../../support/mocks.ts";
import { labels } from "../support.ts";

describe("AddressPool", () => {
  it("is a pool for one namespace alone, and its advertisement", async () => {
    const { resources } = await recordParts(
      (opts) =>
        new AddressPool(
          "addresses",
          {
            metallbNamespace: "metallb-system",
            poolName: "library-gateway",
            addresses: ["192.0.2.7/32"],
            namespace: "library-edge",
          },
          opts,
        ),
    );
    const metadata = { name: "library-gateway", namespace: "metallb-system", labels: labels("exposure") };
    const apiVersion = "metallb.io/v1beta1";
    const serviceAllocation = { namespaces: ["library-edge"] };
    assert.deepEqual(resourceOf(resources, "addresses-pool").inputs, {
      apiVersion,
      kind: "IPAddressPool",
      metadata,
      spec: { addresses: ["192.0.2.7/32"], autoAssign: false, serviceAllocation },
    });
    const advertisement = resourceOf(resources, "addresses-advertisement");
    assert.deepEqual(advertisement.inputs, {
      apiVersion,
      kind: "L2Advertisement",
      metadata,
      spec: { ipAddressPools: ["library-gateway"] },
    });
    assert.deepEqual(advertisement.dependsOn, ["addresses-pool"]);
  });
});
