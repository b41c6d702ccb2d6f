import assert from "node:assert/strict";
import { BlockList, isIPv4 } from "node:net";
import fc from "fast-check";
import { parseCidr } from "../../config/cidr.ts";

// IPv4-mapped addresses are refused, and tested by themselves.
const ipv6 = fc.ipV6().filter((address) => !/^[0:]*:ffff:[^:]+(:[^:]+)?$/i.test(address));
const range = fc.oneof(
  fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
  fc.tuple(ipv6, fc.integer({ min: 0, max: 128 })),
);

describe("parseCidr", () => {
  it("reads a range of each family", () => {
    assert.deepEqual(parseCidr("10.32.0.0/12"), {
      network: "10.32.0.0/12",
      version: 4,
      prefixLength: 12,
      hasHostBits: false,
    });
    assert.deepEqual(parseCidr("2001:DB8:0:0::1/64"), {
      network: "2001:db8::/64",
      version: 6,
      prefixLength: 64,
      hasHostBits: true,
    });
  });

  it("clears exactly the host bits", () => {
    const networks = ["255.255.255.255/0", "255.255.255.255/9", "255.255.255.255/31", "1.2.3.4/32"];
    assert.deepEqual(
      networks.map((text) => parseCidr(text)?.network),
      ["0.0.0.0/0", "255.128.0.0/9", "255.255.255.254/31", "1.2.3.4/32"],
    );
  });

  it("gives a network that contains the address, and that is its own network", () => {
    fc.assert(
      fc.property(range, ([address, length]) => {
        const cidr = parseCidr(`${address}/${length}`);
        assert.ok(cidr);
        const family = isIPv4(address) ? "ipv4" : "ipv6";
        const list = new BlockList();
        list.addSubnet(cidr.network.split("/")[0] ?? "", length, family);
        assert.ok(list.check(address, family));
        assert.deepEqual(parseCidr(cidr.network), { ...cidr, hasHostBits: false });
      }),
    );
  });

  it("says that there are host bits for every address but the network's own", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, length) => {
        const cidr = parseCidr(`${address}/${length}`);
        assert.equal(cidr?.hasHostBits, cidr?.network !== `${address}/${length}`);
      }),
    );
  });

  for (const text of [
    "",
    "10.0.0.0",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/08",
    "10.0.0.0/-1",
    "10.0.0.0/8/8",
    "10.0.0/8",
    "010.0.0.0/8",
    "10.0.0.256/32",
    " 10.0.0.0/8",
    "2001:db8::/129",
    "2001:db8::1::/64",
    "fe80::1%eth0/64",
    "::ffff:10.0.0.0/104",
    "::ffff:a00:0/128",
    "example.org/24",
  ]) {
    it(`does not read ${JSON.stringify(text)}`, () => assert.equal(parseCidr(text), undefined));
  }
});
