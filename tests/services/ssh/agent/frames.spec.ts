import assert from "node:assert/strict";
import fc from "fast-check";
import {
  DamagedFrame,
  decodeLine,
  encodeFrame,
  encodeJson,
  FrameReader,
} from "../../../../services/ssh/agent/frames.ts";

const bytes = fc.uint8Array({ maxLength: 300 });
const stream = fc.nat({ max: 0xffff_ffff });

describe("frames of the agent", () => {
  it("are lines of base64 that read as they were written", () => {
    fc.assert(
      fc.property(fc.constantFrom("D", "X"), stream, bytes, (kind, number, payload) => {
        const line = encodeFrame(kind, number, Buffer.from(payload));
        assert.match(line, /^[A-Za-z0-9+/]+={0,2}\n$/);
        const frame = decodeLine(line.slice(0, -1));
        assert.deepEqual([frame.kind, frame.stream, [...frame.payload]], [kind, number, [...payload]]);
      }),
    );
  });

  it("have the form that agent.py reads", () => {
    const parts = (line: string): string[] => {
      const frame = Buffer.from(line, "base64");
      return [
        frame.toString("latin1", 0, 1),
        frame.toString("hex", 1, 5),
        frame.toString("latin1", 5, frame.length - 4),
      ];
    };
    assert.deepEqual(parts(encodeFrame("D", 258, Buffer.from("ab"))), ["D", "00000102", "ab"]);
    assert.deepEqual(parts(encodeJson("Z", 7, { rows: 1 })), ["Z", "00000007", '{"rows":1}']);
  });

  it("are found damaged when a character of theirs changed", () => {
    fc.assert(
      fc.property(bytes, fc.nat(), fc.constantFrom("A", "z", "9", "!", " "), (payload, at, other) => {
        const line = encodeFrame("D", 1, Buffer.from(payload)).slice(0, -1);
        const i = at % (line.length - 4);
        fc.pre(line[i] !== other);
        assert.throws(() => decodeLine(`${line.slice(0, i)}${other}${line.slice(i + 1)}`), DamagedFrame);
      }),
    );
  });

  it("say what was written between them", () => {
    assert.throws(() => new FrameReader().push("Broadcast message from root\n"), {
      message: 'something in the notebook server wrote "Broadcast message from root" between the frames',
    });
    assert.throws(() => new FrameReader().push("x".repeat(65_537)), DamagedFrame);
  });

  it("are read however a terminal cuts them", () => {
    const lines = [1, 2, 3].map((number) => encodeFrame("D", number, Buffer.alloc(number * 50)));
    const text = lines.join("");
    fc.assert(
      fc.property(fc.nat({ max: text.length }), fc.nat({ max: text.length }), (a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        const reader = new FrameReader();
        const frames = [text.slice(0, start), text.slice(start, end), text.slice(end)].flatMap((part) =>
          reader.push(part),
        );
        assert.deepEqual(
          frames.map(({ stream: number, payload }) => [number, payload.length]),
          [
            [1, 50],
            [2, 100],
            [3, 150],
          ],
        );
      }),
      { numRuns: 50 },
    );
  });
});
