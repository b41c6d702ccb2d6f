import assert from "node:assert/strict";
import fc from "fast-check";
import {
  encodeFrame,
  MessageReader,
  opcodes,
  WebSocketProtocolError,
} from "../../../../services/ssh/websocket/frames.ts";
import { serverFrame } from "../support/server-frame.ts";

describe("encodeFrame", () => {
  it("masks the example of RFC 6455", () => {
    const frame = encodeFrame(opcodes.text, Buffer.from("Hello"), Buffer.from("37fa213d", "hex"));
    assert.equal(frame.toString("hex"), "818537fa213d7f9f4d5158");
  });

  it("writes each form of length, and leaves what it was given as it is", () => {
    const mask = Buffer.alloc(4);
    const heads = [125, 126, 65_535, 65_536].map((length) => {
      const payload = Buffer.alloc(length, 7);
      const frame = encodeFrame(opcodes.binary, payload, mask);
      assert.ok(frame.subarray(-length).equals(payload));
      return frame.subarray(0, frame.length - length - 4).toString("hex");
    });
    assert.deepEqual(heads, ["82fd", "82fe007e", "82feffff", "82ff0000000000010000"]);
  });
});

describe("MessageReader", () => {
  const texts = (bytes: Buffer, cuts: readonly number[]): string[] => {
    const reader = new MessageReader(1 << 20);
    const found: string[] = [];
    let at = 0;
    for (const cut of [...cuts, bytes.length]) {
      found.push(...reader.push(bytes.subarray(at, cut)).map(({ payload }) => payload.toString()));
      at = Math.max(at, cut);
    }
    return found;
  };

  it("reads messages however the bytes are cut", () => {
    const all = ["", "a", "b".repeat(126), "c".repeat(70_000)];
    const bytes = Buffer.concat(all.map((text) => serverFrame(opcodes.text, text)));
    const cut = fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 8 });
    fc.assert(
      fc.property(cut, (cuts) => {
        assert.deepEqual(
          texts(
            bytes,
            cuts.toSorted((a, b) => a - b),
          ),
          all,
        );
      }),
      { numRuns: 30 },
    );
  });

  it("joins the parts of a message, with control frames between them", () => {
    const frames = [
      serverFrame(opcodes.text, "one ", false),
      serverFrame(opcodes.ping, "still there"),
      serverFrame(opcodes.continuation, "two ", false),
      serverFrame(opcodes.continuation, "three"),
    ];
    const messages = new MessageReader(100).push(Buffer.concat(frames));
    assert.deepEqual(
      messages.map(({ opcode, payload }) => [opcode, payload.toString()]),
      [
        [opcodes.ping, "still there"],
        [opcodes.text, "one two three"],
      ],
    );
  });

  const refused: [string, Buffer][] = [
    ["a message beyond the bound, before it is there", serverFrame(opcodes.text, "x".repeat(101)).subarray(0, 2)],
    ["a length that no memory has", Buffer.from("817fffffffffffffffff", "hex")],
    [
      "parts that are too long together",
      Buffer.concat([serverFrame(1, "x".repeat(60), false), serverFrame(0, "x".repeat(60))]),
    ],
    ["a masked frame", encodeFrame(opcodes.text, Buffer.from("x"))],
    ["an extension", Buffer.from("c100", "hex")],
    ["a part without a beginning", serverFrame(opcodes.continuation, "x")],
    ["a new message within another", Buffer.concat([serverFrame(1, "x", false), serverFrame(1, "y")])],
    ["a ping in parts", serverFrame(opcodes.ping, "x", false)],
  ];
  for (const [what, bytes] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(() => new MessageReader(100).push(bytes), WebSocketProtocolError);
    });
  }
});
