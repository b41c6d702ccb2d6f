import assert from "node:assert/strict";
import { BlockList, isIPv6 } from "node:net";
import fc from "fast-check";
import { toInternet, translated } from "../../../components/hub/internet.ts";

interface Block {
  readonly ipBlock: { readonly cidr: string; readonly except: readonly string[] };
}

const family = (address: string) => (isIPv6(address) ? "ipv6" : "ipv4");

function listOf(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = "", bits] = cidr.split("/");
    list.addSubnet(address, Number(bits), family(address));
  }
  return list;
}

/** Whether the rule lets an address be reached. */
function reaches(address: string, closed: readonly string[] = []): boolean {
  return (toInternet(closed).to as Block[]).some(({ ipBlock: { cidr, except } }) => {
    // BlockList takes a mapped form for IPv4 itself, so that a rule of the other family would match.
    if (isIPv6(address) !== cidr.includes(":")) return false;
    const [all, not] = [listOf([cidr]), listOf(except)];
    return all.check(address, family(address)) && !not.check(address, family(address));
  });
}

describe("toInternet", () => {
  for (const address of ["1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "193.0.6.139", "2a00:1450::1", "2600::1"]) {
    it(`reaches ${address}`, () => assert.equal(reaches(address), true));
  }

  const closed = {
    "what clouds tell of a machine": ["169.254.169.254", "fe80::1", "fd00:ec2::254"],
    "private networks, and carriers' own": ["10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1"],
    "IPv6 networks of a site": ["fd00::1", "fc00::1", "fec0::1"],
    "the machine itself": ["127.0.0.1", "0.0.0.0", "::1", "::"],
    "groups and reserved addresses": ["224.0.0.1", "255.255.255.255", "ff02::1"],
    "ways around by IPv6": ["::10.0.0.1", "64:ff9b:1::a00:1", "2002:a00:1::1", "2001:0:a00:1::1"],
  };
  for (const [what, addresses] of Object.entries(closed)) {
    it(`does not reach ${what}`, () =>
      assert.deepEqual(
        addresses.filter((address) => reaches(address)),
        [],
      ));
  }

  it("names no mapped form of IPv4, which the API server refuses", () => {
    const [, ipv6] = toInternet([]).to as unknown as [Block, Block];
    assert.deepEqual(
      ipv6.ipBlock.except.filter((cidr) => cidr.startsWith("::ffff:")),
      [],
    );
  });

  it("does not reach what is closed besides, be it public or not, and names nothing twice", () => {
    const control = ["8.8.8.0/24", "2600::/64", "10.0.0.0/8"];
    assert.deepEqual(
      ["8.8.8.8", "64:ff9b::808:808", "2600::1", "8.8.4.4"].map((each) => reaches(each, control)),
      [...[false, false, false, true]],
    );
    for (const { ipBlock } of toInternet(control).to as Block[]) {
      assert.equal(new Set(ipBlock.except).size, ipBlock.except.length);
    }
  });

  it("states exceptions of the block's own family alone, as the API server demands", () => {
    for (const { ipBlock } of toInternet(["192.0.2.0/24", "2001:db8::/32"]).to as Block[]) {
      assert.deepEqual([...new Set(ipBlock.except.map((cidr) => cidr.includes(":")))], [ipBlock.cidr === "::/0"]);
    }
  });

  it("closes an IPv4 address and its NAT64 form alike", () => {
    const address = fc.tuple(...[0, 1, 2, 3].map(() => fc.nat(255)));
    fc.assert(
      fc.property(address, (bytes) => {
        const text = bytes.join(".");
        const [nat64 = ""] = translated(`${text}/32`).split("/");
        assert.equal(reaches(nat64), reaches(text), `${text} and ${nat64}`);
      }),
    );
  });
});

describe("translated", () => {
  it("is the range below the well-known prefix", () => {
    assert.equal(translated("10.0.0.0/8"), "64:ff9b::a00:0/104");
    assert.equal(translated("169.254.0.0/16"), "64:ff9b::a9fe:0/112");
    assert.equal(translated("192.168.1.255/32"), "64:ff9b::c0a8:1ff/128");
  });
});
