import assert from "node:assert/strict";
import fc from "fast-check";
import { batched, createLogger, type LogFields, logLevels, reasonOf } from "../../../services/lib/log.ts";

const time = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

function logged(level: (typeof logLevels)[number] | undefined, fields?: LogFields): string[] {
  const lines: string[] = [];
  const log = createLogger({ ...(level ? { level } : {}), now: () => time, write: (line) => void lines.push(line) });
  for (const each of logLevels) log[each](`event-${each}`, fields);
  return lines;
}

describe("createLogger", () => {
  it("writes one JSON line per event, time and level and event first", () => {
    const lines: string[] = [];
    const log = createLogger({ now: () => time, write: (line) => void lines.push(line) });
    log.info("started", { port: 8443, tls: true, node: null, absent: undefined, text: 'a "b"\nc' });
    log.warn("bare");
    log.error("posing", { time: "never", level: "none", event: "another", said: true });
    assert.deepEqual(lines, [
      '{"time":"2026-01-02T03:04:05.678Z","level":"info","event":"started","port":8443,"tls":true,"node":null,"text":"a \\"b\\"\\nc"}\n',
      '{"time":"2026-01-02T03:04:05.678Z","level":"warn","event":"bare"}\n',
      '{"time":"2026-01-02T03:04:05.678Z","level":"error","event":"posing","said":true}\n',
    ]);
  });

  it("says what is at or above its level; info unless told otherwise", () => {
    const said = (level?: (typeof logLevels)[number]) =>
      logged(level).map((line) => (JSON.parse(line) as { event: string }).event);
    assert.deepEqual(said(), ["event-info", "event-warn", "event-error"]);
    assert.deepEqual(said("debug"), ["event-debug", "event-info", "event-warn", "event-error"]);
    assert.deepEqual(said("warn"), ["event-warn", "event-error"]);
    assert.deepEqual(said("error"), ["event-error"]);
  });

  it("keeps every event on one line, whatever its fields hold", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const [line = ""] = logged("error", { text });
        assert.equal(line.indexOf("\n"), line.length - 1);
        assert.deepEqual(JSON.parse(line), {
          time: "2026-01-02T03:04:05.678Z",
          level: "error",
          event: "event-error",
          text,
        });
      }),
    );
  });
});

describe("batched", () => {
  it("writes lines together: a moment later, at once when they are many, and what is left at exit", (done) => {
    const written: string[] = [];
    const before = process.listeners("exit").length;
    const write = batched((text) => void written.push(text));
    write("one\n");
    write("two\n");
    assert.deepEqual(written, []);
    const long = `${"x".repeat(16_384)}\n`;
    write(long);
    assert.deepEqual(written.splice(0), [`one\ntwo\n${long}`]);
    write("three\n");
    const [atExit] = process.listeners("exit").slice(before);
    assert.ok(atExit);
    atExit(0);
    assert.deepEqual(written.splice(0), ["three\n"]);
    write("four\n");
    setTimeout(() => {
      process.off("exit", atExit);
      assert.deepEqual(written, ["four\n"]);
      done();
    }, 100);
  });
});

describe("reasonOf", () => {
  it("joins a message and its causes", () => {
    const root = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" });
    const error = new Error("cannot list", { cause: new TypeError("fetch failed", { cause: root }) });
    assert.equal(reasonOf(error), "cannot list: fetch failed: connect ECONNREFUSED 127.0.0.1:1");
  });

  it("takes the code of an error without a message, then its name", () => {
    assert.equal(reasonOf(Object.assign(new AggregateError([]), { code: "ECONNREFUSED" })), "ECONNREFUSED");
    assert.equal(reasonOf(new TypeError()), "TypeError");
  });

  it("writes what is not an error as text, also as a cause", () => {
    assert.equal(reasonOf("refused"), "refused");
    assert.equal(reasonOf(undefined), "undefined");
    assert.equal(reasonOf(new Error("stopped", { cause: 7 })), "stopped: 7");
  });
});
