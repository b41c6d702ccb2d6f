import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { imageMirrorWebhook } from "../../../services/admission/image-mirror-webhook.ts";
import { type Answer, isMutation } from "../../../services/admission/mutation.ts";
import { PodDefaultStore } from "../../../services/admission/pod-default-store.ts";
import { podDefaultsWebhook } from "../../../services/admission/pod-defaults-webhook.ts";
import { systemClock } from "../../../services/lib/clock.ts";
import { compileMirror } from "../../../services/lib/image-mirror/rewrite.ts";
import type { KubeObject, ListOptions } from "../../../services/lib/kube/client.ts";
import type { ListWatchOptions } from "../../../services/lib/kube/list-watch.ts";
import { defaultSettings } from "../../../services/lib/pod-defaults/apply.ts";
import { until } from "../lib/kube/watching.ts";
import { creation, keptLog } from "./mutating.ts";

interface Given {
  readonly namespace?: string;
  readonly uid?: string;
  readonly spec?: object;
}

let version = 0;
/** A PodDefault as the API server sends it, newer than all before. */
const manifest = (name: string, { namespace = "lab", uid = `uid of ${name}`, spec = {} }: Given = {}) => ({
  metadata: { name, namespace, uid, resourceVersion: String(++version), labels: { kept: "no" } },
  spec,
});
const malformed = { env: "none", volumes: 1 };

/** A store in front of a collection that the test plays. */
class Watched {
  readonly kept = keptLog();
  readonly asked: unknown[] = [];
  readonly reported: unknown[] = [];
  readonly store: PodDefaultStore;
  readonly #stop = new AbortController();
  #items: KubeObject[] = [];
  #events = new PassThrough();

  constructor() {
    const client = {
      list: (ref: unknown, namespace: unknown, { project }: ListOptions) => {
        this.asked.push([ref, namespace]);
        const items = this.#items.map((object) => project?.(object) ?? object);
        return Promise.resolve({ items, resourceVersion: String(version) });
      },
      stream: (_method: string, path: string) => {
        this.asked.push(path);
        this.#events = new PassThrough();
        return Promise.resolve(this.#events as unknown as IncomingMessage);
      },
    } as unknown as ListWatchOptions<never>["client"];
    const clock = { ...systemClock, sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
    this.store = new PodDefaultStore({ client, clock, random: () => 0.5, log: this.kept.log }, (...args) =>
      this.reported.push(args),
    );
  }

  /** Takes the first list, or another one. */
  async list(...items: KubeObject[]): Promise<void> {
    const { watch } = this.store;
    this.#items = items;
    const [relists, asked] = [watch.relists, this.asked.length];
    if (relists === 0) void watch.run(this.#stop.signal);
    else this.#send({ type: "ERROR", object: { code: 410, message: "too old" } });
    await until("a watch after a list", () => watch.relists === relists + 1 && this.asked.length === asked + 2);
  }

  async event(type: "ADDED" | "MODIFIED" | "DELETED", object: KubeObject): Promise<void> {
    this.#send({ type, object });
    const { resourceVersion } = object.metadata;
    await until("the event was taken", () => this.store.watch.resourceVersion === resourceVersion);
  }

  names(namespace = "lab"): readonly string[] | undefined {
    return this.store.in(namespace)?.map(({ name }) => name);
  }

  stop(): void {
    this.#stop.abort();
    this.#events.destroy();
  }

  #send(event: object): void {
    this.#events.write(`${JSON.stringify(event)}\n`);
  }
}

describe("PodDefaultStore", () => {
  let watched: Watched;
  beforeEach(() => {
    watched = new Watched();
  });
  afterEach(() => watched.stop());

  it("knows nothing before the first list, and then that a namespace has none", async () => {
    assert.equal(watched.store.in("lab"), undefined);
    await watched.list();
    assert.deepEqual(watched.store.in("lab"), []);
  });

  it("reads Kubeflow's PodDefaults of all namespaces", async () => {
    await watched.list();
    const ref = { apiVersion: "kubeflow.org/v1alpha1", kind: "PodDefault", plural: "poddefaults", namespaced: true };
    assert.deepEqual(watched.asked, [[ref, undefined], "/apis/kubeflow.org/v1alpha1/poddefaults"]);
  });

  it("keeps namespaces apart, each in order: the higher priority first, then by name", async () => {
    await watched.list(
      manifest("b"),
      manifest("low", { spec: { priority: -1 } }),
      manifest("elsewhere", { namespace: "other" }),
      manifest("a"),
      manifest("B"),
      manifest("high", { spec: { priority: 1 } }),
    );
    assert.deepEqual(watched.names(), ["high", "B", "a", "b", "low"]);
    assert.deepEqual(watched.names("other"), ["elsewhere"]);
    assert.deepEqual(watched.names("none"), []);
  });

  it("keeps what is needed of an object and no more", async () => {
    const object = manifest("a");
    await watched.list(object);
    const [stored] = [...watched.store.watch.store.values()];
    const { labels: _, ...metadata } = object.metadata;
    assert.deepEqual(stored?.metadata, metadata);
    assert.deepEqual(Object.keys(stored ?? {}), ["metadata", "normalised", "unreported"]);
    assert.equal(watched.store.in("lab")?.[0]?.resourceVersion, metadata.resourceVersion);
  });

  it("orders a namespace once, until one of its own changes", async () => {
    await watched.list(manifest("a"), manifest("elsewhere", { namespace: "other" }));
    const [lab, other] = [watched.store.in("lab"), watched.store.in("other")];
    assert.equal(watched.store.in("lab"), lab);
    await watched.event("ADDED", manifest("b"));
    assert.notEqual(watched.store.in("lab"), lab);
    assert.equal(watched.store.in("other"), other);
  });

  it("takes additions, updates and deletions at once", async () => {
    await watched.list(manifest("m"));
    assert.deepEqual(watched.names(), ["m"]);
    await watched.event("ADDED", manifest("a"));
    assert.deepEqual(watched.names(), ["a", "m"]);
    await watched.event("MODIFIED", manifest("m", { spec: { priority: 1 } }));
    assert.deepEqual(watched.names(), ["m", "a"]);
    await watched.event("DELETED", manifest("m"));
    assert.deepEqual(watched.names(), ["a"]);
  });

  it("takes one that was made anew under its name, in place of the old one", async () => {
    await watched.list(manifest("m"), manifest("n"));
    assert.deepEqual(watched.names(), ["m", "n"]);
    await watched.event("ADDED", manifest("n", { uid: "another", spec: { priority: 1 } }));
    assert.deepEqual(watched.names(), ["n", "m"]);
  });

  it("takes what changed while nobody watched", async () => {
    await watched.list(manifest("gone"), manifest("kept"), manifest("last", { namespace: "other" }));
    assert.deepEqual([watched.names(), watched.names("other")], [["gone", "kept"], ["last"]]);
    await watched.list(manifest("kept", { spec: { priority: 1 } }), manifest("new"));
    assert.deepEqual([watched.names(), watched.names("other")], [["kept", "new"], []]);
  });
});

describe("PodDefaultStore with unusable ones", () => {
  let watched: Watched;
  beforeEach(() => {
    watched = new Watched();
  });
  afterEach(() => watched.stop());

  const reason = 'spec.env must be a list, got "none"; spec.volumes must be a list, got 1';
  const line = (name: string): object => ({
    level: "warn",
    event: "pod-default-unusable",
    name,
    namespace: "lab",
    reason,
  });
  const warnings = (): object[] => watched.kept.lines.filter(({ event }) => event === "pod-default-unusable");

  it("skips them with every reason in one line, and goes on with the others", async () => {
    await watched.list(manifest("bad", { spec: malformed }), manifest("good"));
    assert.deepEqual(watched.names(), ["good"]);
    assert.deepEqual(warnings(), [line("bad")]);
    const usability = { status: "False", reason: "Malformed", message: reason };
    assert.deepEqual(watched.reported, [[{ name: "bad", namespace: "lab" }, usability]]);
  });

  it("says it once a version: not at another list, not at the deletion", async () => {
    const bad = manifest("bad", { spec: malformed });
    await watched.list(bad);
    await watched.list(bad);
    assert.deepEqual(warnings(), [line("bad")]);
    await watched.event("MODIFIED", manifest("bad", { spec: malformed }));
    assert.deepEqual(warnings(), [line("bad"), line("bad")]);
    await watched.event("DELETED", manifest("bad", { spec: malformed }));
    assert.deepEqual(warnings().length, 2);
  });

  it("takes one that was mended, and drops one that was broken", async () => {
    await watched.list(manifest("a", { spec: malformed }), manifest("b"));
    await watched.event("MODIFIED", manifest("a"));
    assert.deepEqual(watched.names(), ["a", "b"]);
    await watched.event("MODIFIED", manifest("b", { spec: malformed }));
    assert.deepEqual(watched.names(), ["a"]);
    assert.deepEqual(warnings(), [line("a"), line("b")]);
  });
});

describe("the mutating webhooks in front of a PodDefaultStore", () => {
  it("answer a thousand reviews without one call to the API server", async () => {
    const watched = new Watched();
    await watched.list(manifest("a", { spec: { env: [{ name: "A", value: "1" }] } }));
    const podDefaultsIn = watched.store.in.bind(watched.store);
    const rewrite = compileMirror({ rules: [{ from: "docker.io", to: "m.test/hub" }], exempt: [], onMissing: "keep" });
    const webhooks = [podDefaultsWebhook({ podDefaultsIn, settings: defaultSettings }), imageMirrorWebhook(rewrite)];
    const before = watched.asked.length;
    const answers: Answer[] = [];
    for (let i = 0; i < 500; i++) {
      const pod = { metadata: { name: `pod-${i}` }, spec: { containers: [{ name: "main", image: `image:${i}` }] } };
      const review = creation(pod, { namespace: i % 2 === 0 ? "lab" : "without" });
      for (const webhook of webhooks) answers.push(await webhook(review));
    }
    const changes = answers.filter((answer) => isMutation(answer) && answer.operations.length > 0);
    assert.deepEqual([answers.length, changes.length, watched.asked.length - before], [1_000, 750, 0]);
    watched.stop();
  });
});
