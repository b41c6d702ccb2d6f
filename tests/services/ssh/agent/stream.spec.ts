import assert from "node:assert/strict";
import { decodeLine, type Frame } from "../../../../services/ssh/agent/frames.ts";
import { AgentStream, WINDOW } from "../../../../services/ssh/agent/stream.ts";

function setup() {
  const sent: Frame[] = [];
  const seen: unknown[] = [];
  const stream = new AgentStream(
    5,
    (line) => sent.push(decodeLine(line.trim())),
    () => seen.push("closed"),
  );
  const listen = (): void =>
    stream.listen({
      onData: (bytes, isError) => seen.push([bytes.toString(), isError]),
      onEnd: () => seen.push("end"),
      onExit: (exit) => seen.push(exit),
      onLost: (reason) => seen.push(reason),
    });
  const give = (kind: string, payload = ""): void => stream.receive({ kind, stream: 5, payload: Buffer.from(payload) });
  const window = (amount: number): void => {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(amount);
    stream.receive({ kind: "W", stream: 5, payload });
  };
  const total = (): number => sent.reduce((sum, { kind, payload }) => sum + (kind === "D" ? payload.length : 0), 0);
  return { sent, seen, stream, listen, give, window, total };
}

describe("AgentStream", () => {
  it("keeps what comes before somebody listens, in its order", () => {
    const { seen, listen, give } = setup();
    give("D", "a");
    give("E", "b");
    give("X", '{"code":3}');
    assert.deepEqual(seen, ["closed"]);
    listen();
    assert.deepEqual(seen, ["closed", ["a", false], ["b", true], { code: 3 }]);
  });

  it("writes within the window, and says when there is room", async () => {
    const { stream, sent, window, total } = setup();
    let isWritten = false;
    const written = stream.write(Buffer.alloc(WINDOW + 10)).then(() => {
      isWritten = true;
    });
    stream.end();
    await Promise.resolve();
    assert.deepEqual(
      { total: total(), isWritten, last: sent.at(-1)?.kind },
      { total: WINDOW, isWritten: false, last: "D" },
    );
    window(4);
    assert.equal(total(), WINDOW + 4);
    window(100);
    await written;
    assert.deepEqual(
      { total: total(), isWritten, last: sent.at(-1)?.kind },
      { total: WINDOW + 10, isWritten: true, last: "F" },
    );
  });

  it("refuses more than was granted", () => {
    const { give, listen } = setup();
    listen();
    const piece = "x".repeat(WINDOW);
    for (let i = 0; i < 3; i++) give("D", piece);
    assert.throws(() => give("D", "x"), /^Error: the notebook server sent more than it may$/);
  });

  it("does nothing any more after it closed, and lets writers go", async () => {
    const { stream, sent, seen, listen, give } = setup();
    listen();
    const waiting = stream.write(Buffer.alloc(WINDOW + 1));
    stream.close();
    await waiting;
    const count = sent.length;
    assert.equal(sent.at(-1)?.kind, "C");
    give("D", "late");
    stream.close();
    stream.end();
    stream.grant(5);
    stream.signal("TERM");
    stream.resize({ rows: 1, cols: 1 });
    stream.lost("late");
    await stream.write(Buffer.from("late"));
    assert.deepEqual({ count: sent.length, seen }, { count, seen: ["closed"] });
  });

  it("passes on sizes and signals", () => {
    const { stream, sent } = setup();
    stream.resize({ rows: 2, cols: 3 });
    stream.signal("HUP");
    assert.deepEqual(
      sent.map(({ kind, payload }) => [kind, payload.toString()]),
      [
        ["Z", '{"rows":2,"cols":3}'],
        ["S", "HUP"],
      ],
    );
  });

  it("tells a loss once", () => {
    const { stream, seen, listen } = setup();
    listen();
    stream.lost("gone");
    stream.lost("gone");
    assert.deepEqual(seen, ["closed", "gone"]);
  });
});
