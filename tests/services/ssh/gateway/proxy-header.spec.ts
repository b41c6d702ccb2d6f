import assert from "node:assert/strict";
import fc from "fast-check";
import { parseProxyHeader } from "../../../../services/ssh/gateway/proxy-header.ts";

const signature = "0d0a0d0a000d0a515549540a";
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const parse = (text: string): unknown => parseProxyHeader(Buffer.from(text, "latin1"));

describe("parseProxyHeader", () => {
  it("reads version 1", () => {
    const line = "PROXY TCP4 203.0.113.7 198.51.100.1 50000 22\r\n";
    assert.deepEqual(parse(`${line}SSH-2.0-x`), { state: "read", address: "203.0.113.7", length: line.length });
    assert.deepEqual(parse("PROXY TCP6 2001:db8::7 2001:db8::1 1 2\r\n"), {
      state: "read",
      address: "2001:db8::7",
      length: 40,
    });
    assert.deepEqual(parse("PROXY UNKNOWN\r\n"), { state: "read", address: undefined, length: 15 });
  });

  it("reads version 2, with what else a balancer adds", () => {
    const four = hex(`${signature} 21 11 000f cb007107 c6336401 c350 0016 030001`);
    assert.deepEqual(parseProxyHeader(four), { state: "read", address: "203.0.113.7", length: 31 });
    const six = hex(
      `${signature} 21 21 0024 20010db8000000000000000000000007 20010db8000000000000000000000001 c350 0016`,
    );
    assert.deepEqual(parseProxyHeader(six), { state: "read", address: "2001:db8:0:0:0:0:0:7", length: 52 });
    assert.deepEqual(parseProxyHeader(hex(`${signature} 20 00 0000`)), {
      state: "read",
      address: undefined,
      length: 16,
    });
  });

  it("waits for the rest of either, and refuses what is neither", () => {
    const whole = [
      Buffer.from("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"),
      hex(`${signature} 21 11 000c 01020304 05060708 0001 0002`),
    ];
    for (const bytes of whole) {
      fc.assert(
        fc.property(fc.nat({ max: bytes.length - 1 }), (end) => {
          assert.deepEqual(parseProxyHeader(bytes.subarray(0, end)), { state: "more" });
        }),
      );
    }
    const wrong = ["SSH-2.0-OpenSSH\r\n", "PROXY TCP5 1 2 3 4\r\n", "PROXY TCP4\r\n", `PROXY ${"x".repeat(110)}`];
    assert.deepEqual(
      wrong.map(parse),
      wrong.map(() => ({ state: "wrong" })),
    );
    for (const text of [`${signature} 31 11 0000`, `${signature} 21 11 0002 0102`, `${signature} 21 31 0000`]) {
      assert.deepEqual(parseProxyHeader(hex(text)), { state: "wrong" });
    }
  });
});
