import assert from "node:assert/strict";
import fc from "fast-check";
import { Counter, Gauge, Histogram, renderMetrics } from "../../../services/lib/metrics.ts";

describe("Counter", () => {
  it("has only its head before it counted anything", () => {
    assert.equal(
      new Counter("calls_total", "Calls.").render(),
      "# HELP calls_total Calls.\n# TYPE calls_total counter\n",
    );
  });

  it("adds up per set of labels", () => {
    const counter = new Counter("calls_total", "Calls.");
    counter.add();
    counter.add({ verb: "get", code: "200" });
    counter.add({ verb: "get", code: "200" }, 4);
    counter.add({ verb: "get", code: "404" }, 0.5);
    counter.add();
    assert.equal(
      counter.render(),
      `# HELP calls_total Calls.
# TYPE calls_total counter
calls_total 2
calls_total{verb="get",code="200"} 5
calls_total{verb="get",code="404"} 0.5
`,
    );
  });

  it("escapes backslash, quote and newline in label values", () => {
    const counter = new Counter("c", "C.");
    counter.add({ path: 'C:\\a "b"\nc' });
    assert.equal(counter.render(), '# HELP c C.\n# TYPE c counter\nc{path="C:\\\\a \\"b\\"\\nc"} 1\n');
  });

  it("writes any label value so that it can be read back", () => {
    const escapes: Record<string, string> = { "\\\\": "\\", '\\"': '"', "\\n": "\n" };
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("\\", '"', "\n", "n", "{", "é") }), (value) => {
        const counter = new Counter("c", "C.");
        counter.add({ v: value });
        const written = /^c\{v="(.*)"\} 1$/m.exec(counter.render())?.[1];
        assert.equal(
          written?.replaceAll(/\\[\\"n]/g, (found) => escapes[found] ?? ""),
          value,
        );
      }),
    );
  });
});

describe("Gauge", () => {
  it("is read at the moment of the scrape", () => {
    let value = 1;
    const gauge = new Gauge("age_seconds", "Age.", () => [[{}, value]]);
    assert.equal(gauge.render(), "# HELP age_seconds Age.\n# TYPE age_seconds gauge\nage_seconds 1\n");
    value = 2.5;
    assert.equal(gauge.render(), "# HELP age_seconds Age.\n# TYPE age_seconds gauge\nage_seconds 2.5\n");
  });

  it("leaves out what is not a number and writes infinities as Prometheus does", () => {
    const gauge = new Gauge("age", "Age.", () => [
      [{ kind: "Pod" }, Number.NaN],
      [{ kind: "Group" }, Number.POSITIVE_INFINITY],
      [{ kind: "Node" }, Number.NEGATIVE_INFINITY],
      [{ kind: "Ledger" }, 0],
    ]);
    assert.equal(
      gauge.render(),
      '# HELP age Age.\n# TYPE age gauge\nage{kind="Group"} +Inf\nage{kind="Node"} -Inf\nage{kind="Ledger"} 0\n',
    );
  });
});

describe("Histogram", () => {
  it("counts each observation in every bucket that it fits, the bound included", () => {
    const histogram = new Histogram("took_seconds", "Took.", [0.1, 1, 5]);
    for (const value of [0.1, 0.5, 5, 7]) histogram.observe(value, { op: "review" });
    histogram.observe(2);
    assert.equal(
      histogram.render(),
      `# HELP took_seconds Took.
# TYPE took_seconds histogram
took_seconds_bucket{op="review",le="0.1"} 1
took_seconds_bucket{op="review",le="1"} 2
took_seconds_bucket{op="review",le="5"} 3
took_seconds_bucket{op="review",le="+Inf"} 4
took_seconds_sum{op="review"} 12.6
took_seconds_count{op="review"} 4
took_seconds_bucket{le="0.1"} 0
took_seconds_bucket{le="1"} 0
took_seconds_bucket{le="5"} 1
took_seconds_bucket{le="+Inf"} 1
took_seconds_sum 2
took_seconds_count 1
`,
    );
  });

  it("has buckets that never fall and end at the count", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1 }), (values) => {
        const histogram = new Histogram("h", "H.", [2, 4, 8]);
        for (const value of values) histogram.observe(value);
        const buckets = [...histogram.render().matchAll(/^h_bucket\{le="([^"]+)"\} (\d+)$/gm)];
        assert.deepEqual(
          buckets.map(([, bound, count]) => [bound, Number(count)]),
          ["2", "4", "8", "+Inf"].map((bound) => [
            bound,
            values.filter((value) => value <= (bound === "+Inf" ? Number.POSITIVE_INFINITY : Number(bound))).length,
          ]),
        );
      }),
    );
  });
});

describe("renderMetrics", () => {
  it("joins the metrics in their order", () => {
    const counter = new Counter("b_total", "B.");
    counter.add();
    const gauge = new Gauge("a", "A.", () => [[{ x: "1" }, 3]]);
    assert.equal(
      renderMetrics([counter, gauge]),
      '# HELP b_total B.\n# TYPE b_total counter\nb_total 1\n# HELP a A.\n# TYPE a gauge\na{x="1"} 3\n',
    );
    assert.equal(renderMetrics([]), "");
  });
});
