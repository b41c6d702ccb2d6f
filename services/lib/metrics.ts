export type Labels = Readonly<Record<string, string>>;

interface Metric {
  render(): string;
}

const escapeValue = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');

/** Texts of label sets that are used again and again, as long as their objects live. */
const texts = new WeakMap<Labels, string>();

function labelText(labels: Labels): string {
  const known = texts.get(labels);
  if (known !== undefined) return known;
  const text = writtenOut(labels);
  texts.set(labels, text);
  return text;
}

function writtenOut(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

const numberText = (value: number): string => (Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : "-Inf");

const header = (name: string, help: string, type: string): string => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;

/** A value per set of labels that only grows. */
export class Counter implements Metric {
  readonly #head: string;
  readonly #name: string;
  readonly #values = new Map<string, number>();

  constructor(name: string, help: string) {
    this.#name = name;
    this.#head = header(name, help, "counter");
  }

  add(labels: Labels = {}, by = 1): void {
    const key = labelText(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + by);
  }

  render(): string {
    return this.#head + [...this.#values].map(([labels, value]) => `${this.#name}${labels} ${value}\n`).join("");
  }
}

/** Values read at the moment of a scrape. */
export class Gauge implements Metric {
  readonly #head: string;
  readonly #name: string;
  readonly #read: () => Iterable<readonly [Labels, number]>;

  constructor(name: string, help: string, read: () => Iterable<readonly [Labels, number]>) {
    this.#name = name;
    this.#head = header(name, help, "gauge");
    this.#read = read;
  }

  render(): string {
    const lines = [...this.#read()]
      .filter(([, value]) => !Number.isNaN(value))
      .map(([labels, value]) => `${this.#name}${labelText(labels)} ${numberText(value)}\n`);
    return this.#head + lines.join("");
  }
}

interface Series {
  readonly counts: number[];
  sum: number;
  count: number;
}

/** Counts of observations up to each bound. */
export class Histogram implements Metric {
  readonly #head: string;
  readonly #name: string;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, readonly [Labels, Series]>();

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name;
    this.#head = header(name, help, "histogram");
    this.#bounds = bounds;
  }

  observe(value: number, labels: Labels = {}): void {
    const key = labelText(labels);
    const found = this.#series.get(key);
    const series = found?.[1] ?? { counts: this.#bounds.map(() => 0), sum: 0, count: 0 };
    if (found === undefined) this.#series.set(key, [labels, series]);
    this.#bounds.forEach((bound, i) => {
      if (value <= bound) series.counts[i] = (series.counts[i] ?? 0) + 1;
    });
    series.sum += value;
    series.count++;
  }

  render(): string {
    let text = this.#head;
    for (const [labels, { counts, sum, count }] of this.#series.values()) {
      this.#bounds.forEach((bound, i) => {
        text += `${this.#name}_bucket${labelText({ ...labels, le: String(bound) })} ${counts[i]}\n`;
      });
      text += `${this.#name}_bucket${labelText({ ...labels, le: "+Inf" })} ${count}\n`;
      text += `${this.#name}_sum${labelText(labels)} ${sum}\n${this.#name}_count${labelText(labels)} ${count}\n`;
    }
    return text;
  }
}

/** What a scrape of these metrics answers, in Prometheus' text format 0.0.4. */
export function renderMetrics(metrics: readonly Metric[]): string {
  return metrics.map((metric) => metric.render()).join("");
}
