import assert from "node:assert/strict";
import { BlockList } from "node:net";
import fc from "fast-check";
import { type LabLayout, labLayout, MAX_LABS } from "../../lab/cluster/layout.ts";
import { labStateDir } from "../../lab/endpoints.ts";

describe("labLayout", () => {
  it("derives every name and address from the name and the index", () => {
    assert.deepEqual(labLayout("test", 3, "/state/test"), {
      name: "test",
      index: 3,
      stateDir: "/state/test",
      logDir: "/state/test/logs",
      netns: "carrel-test",
      netnsPath: "/run/netns/carrel-test",
      hostInterface: "carrel3h",
      labInterface: "carrel3n",
      hostAddress: "10.189.3.1",
      nodeAddress: "10.189.3.2",
      gatewayAddress: "10.189.3.3",
      publicPort: 8446,
      httpPort: 8083,
      sshPort: 2225,
      nodeCidr: "10.189.3.0/24",
      loadBalancerCidr: "10.189.3.128/25",
      podCidr: "10.203.0.0/16",
      podGateway: "10.203.0.1",
      serviceCidr: "10.223.0.0/16",
      apiServiceAddress: "10.223.0.1",
      dnsAddress: "10.223.0.10",
      apiServer: "https://10.189.3.2:6443",
      registry: "10.189.3.2:5000",
      nodeName: "carrel-test",
      cgroup: "carrel-test",
    });
  });

  it("keeps its state where the lab of that name has it", () => {
    assert.equal(labLayout("dev", 0).stateDir, labStateDir("dev"));
  });

  it("gives two labs nothing in common", () => {
    const index = fc.nat(MAX_LABS - 1);
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,19}$/);
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, index), { minLength: 2, maxLength: 2, comparator: shares }), (two) => {
        const [a, b] = two.map(([of, at]) => labLayout(of, at, `/state/${of}`)) as [LabLayout, LabLayout];
        const other = new Set<unknown>(Object.values(b));
        assert.deepEqual(
          Object.values(a).filter((value) => other.has(value)),
          [],
        );
        for (const cidr of cidrsOf(a)) for (const address of edgesOf(b)) assert.ok(!holds(cidr, address));
      }),
    );
  });

  it("keeps a lab's own ranges apart, its addresses inside them, and names short enough for the kernel", () => {
    for (let index = 0; index < MAX_LABS; index++) {
      const layout = labLayout("a2345678901234567890", index, "/s");
      const [node = "", pods = "", services = ""] = cidrsOf(layout);
      assert.ok(holds(node, layout.hostAddress) && holds(node, layout.nodeAddress));
      assert.ok(holds(node, layout.gatewayAddress) && !holds(layout.loadBalancerCidr, layout.gatewayAddress));
      assert.ok(!holds(layout.loadBalancerCidr, layout.nodeAddress) && holds(node, `10.189.${index}.128`));
      assert.ok(holds(pods, layout.podGateway) && !holds(services, layout.podGateway));
      assert.ok(holds(services, layout.dnsAddress) && holds(services, layout.apiServiceAddress));
      assert.ok(!holds(pods, layout.dnsAddress) && !holds(node, layout.podGateway));
      assert.ok(layout.hostInterface.length <= 15 && layout.labInterface.length <= 15);
    }
  });
});

function shares([name, index]: [string, number], [otherName, otherIndex]: [string, number]): boolean {
  return name === otherName || index === otherIndex;
}

const cidrsOf = (layout: LabLayout): string[] => [layout.nodeCidr, layout.podCidr, layout.serviceCidr];

function holds(cidr: string, address: string): boolean {
  const [network = "", bits = "0"] = cidr.split("/");
  const list = new BlockList();
  list.addSubnet(network, Number(bits));
  return list.check(address);
}

/** The first and the last address of each range. */
function edgesOf(layout: LabLayout): string[] {
  return cidrsOf(layout).flatMap((cidr) => {
    const [network = "", bits] = cidr.split("/");
    const zeros = bits === "24" ? /\.0$/ : /\.0\.0$/;
    return [network, network.replace(zeros, bits === "24" ? ".255" : ".255.255")];
  });
}
