import assert from "node:assert/strict";
import { labLayout } from "../../lab/cluster/layout.ts";
import { createNetwork, inNamespace, removeNetwork } from "../../lab/cluster/network.ts";
import { Scratch } from "./environment.ts";

const layout = labLayout("spec", 7, "/state");

describe("the network of a lab", () => {
  let scratch: Scratch;
  beforeEach(() => {
    scratch = new Scratch();
    scratch.usePrograms();
    scratch.program("ip");
    scratch.program("nsenter");
  });
  afterEach(() => scratch.restore());

  it("is one namespace, one veth, and three routes", async () => {
    await createNetwork(layout);
    const inside = "nsenter --net=/run/netns/carrel-spec";
    assert.deepEqual(scratch.calls(), [
      "ip netns add carrel-spec",
      "ip link add carrel7h type veth peer name carrel7n netns carrel-spec",
      "ip addr add 10.189.7.1/24 dev carrel7h",
      "ip link set carrel7h up",
      `${inside} ip link set lo up`,
      `${inside} ip addr add 10.189.7.2/24 dev carrel7n`,
      `${inside} ip addr add 10.189.7.3/32 dev carrel7n`,
      `${inside} ip link set carrel7n up`,
      `${inside} ip route add default via 10.189.7.1`,
      `${inside} sh -c echo 1 > /proc/sys/net/ipv4/ip_forward`,
      "ip route add 10.207.0.0/16 via 10.189.7.2",
      "ip route add 10.227.0.0/16 via 10.189.7.2",
      "ip route add 10.189.7.128/25 via 10.189.7.2",
    ]);
  });

  it("stops at the first command that fails", async () => {
    scratch.program("nsenter", "echo 'Operation not permitted' >&2; exit 2");
    await assert.rejects(createNetwork(layout), {
      message: "nsenter --net=/run/netns/carrel-spec ip link set lo up: Operation not permitted",
    });
    assert.equal(scratch.calls().length, 5);
  });

  it("goes with its interface, and it is fine that nothing is there", async () => {
    scratch.program("ip", "exit 1");
    await removeNetwork(layout);
    assert.deepEqual(scratch.calls(), ["ip link del carrel7h"]);
    await removeNetwork({ ...layout, netnsPath: scratch.folder });
    assert.deepEqual(scratch.calls().slice(1), ["ip link del carrel7h", "ip netns del carrel-spec"]);
  });

  it("is entered without a new mount of /sys", () => {
    assert.deepEqual(inNamespace(layout, "ip", "addr"), ["nsenter", ["--net=/run/netns/carrel-spec", "ip", "addr"]]);
  });
});
