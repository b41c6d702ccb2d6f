import { type Clock, systemClock } from "../../../services/lib/clock.ts";
import type { KubeClient, KubeObject, ResourceRef } from "../../../services/lib/kube/client.ts";
import { ListWatch, type ListWatchOptions } from "../../../services/lib/kube/list-watch.ts";
import { compareVersions } from "../../../services/lib/kube/resource-version.ts";
import type { Logger } from "../../../services/lib/log.ts";

export const configMaps: ResourceRef = { apiVersion: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true };

/** Time runs so many times faster for a list-watch, so that its pauses and its deadlines are short; the network is real. */
export function fastClock(speed: number): Clock {
  return {
    now: systemClock.now,
    monotonicMs: () => systemClock.monotonicMs() * speed,
    sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
  };
}

export type View = Pick<ListWatchOptions<KubeObject>, "namespace" | "labelSelector" | "fieldSelector" | "project">;

export interface ObserverOptions {
  readonly client: KubeClient;
  readonly view: View;
  readonly clock: Clock;
  readonly log: Logger;
  readonly pageSize: number;
}

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;
const isSame = (a: KubeObject | undefined, b: KubeObject): boolean =>
  a?.metadata.uid === b.metadata.uid && a?.metadata.resourceVersion === b.metadata.resourceVersion;
const versionOf = ({ metadata }: KubeObject): string => metadata.resourceVersion ?? "";

/** One line for each object: name, uid, version. */
export function lines(objects: Iterable<KubeObject>): string[] {
  return [...objects].map((object) => `${keyOf(object)} ${object.metadata.uid} ${versionOf(object)}`).sort();
}

/** A number for each uid that any observer has met, so that its text is kept once. */
const uids = new Map<string, number>();

function uidNumber({ metadata }: KubeObject): number {
  const number = uids.get(metadata.uid ?? "") ?? uids.size;
  uids.set(metadata.uid ?? "", number);
  return number;
}

/**
 * Which versions an observer was told. They grow with every change, so they take a bit of a version and a word of an
 * object: the memory that the list-watch itself does not give back has to stand out.
 */
class Told {
  /** The last version of each uid, 0 before the first. */
  readonly #last: number[] = [];
  #bits = new Uint8Array(1 << 12);

  last(object: KubeObject): number {
    return this.#last[uidNumber(object)] ?? 0;
  }

  has(version: number): boolean {
    return ((this.#bits[version >> 3] ?? 0) & (1 << (version & 7))) !== 0;
  }

  add(object: KubeObject): void {
    const [uid, version] = [uidNumber(object), Number(versionOf(object))];
    while (this.#last.length < uid) this.#last.push(0);
    this.#last[uid] = version;
    const byte = version >> 3;
    if (byte >= this.#bits.length) {
      const longer = new Uint8Array(2 * byte);
      longer.set(this.#bits);
      this.#bits = longer;
    }
    this.#bits[byte] = (this.#bits[byte] ?? 0) | (1 << (version & 7));
  }
}

/** A list-watch whose handlers are believed: what they tell has to make sense, and to equal the store at any time. */
export class Observer {
  readonly watch: ListWatch<KubeObject>;
  readonly view: View;
  /** What made no sense. */
  readonly problems: string[] = [];
  /** What the handlers have told. */
  readonly known = new Map<string, KubeObject>();
  readonly #told = new Told();
  /** From where to where a list has skipped, which need not tell what was in between. */
  readonly #skipped: [from: string, to: string][] = [];
  #version = "";
  readonly #touched: KubeObject[] = [];
  #compared = 0;
  #relists = 0;

  constructor({ client, view, clock, log, pageSize }: ObserverOptions) {
    this.view = view;
    this.watch = new ListWatch<KubeObject>({
      client: {
        list: (ref, namespace, options) => client.list(ref, namespace, { ...options, limit: pageSize }),
        stream: (method, path, options) => client.stream(method, path, options),
      },
      ref: configMaps,
      ...view,
      clock,
      log,
      handlers: {
        added: (now) => this.#added(now),
        updated: (now, old) => this.#updated(now, old),
        deleted: (old) => this.#deleted(old),
      },
      onProgress: () => this.#compare(),
    });
  }

  /** Versions that a watch went past without a word. */
  missed(versions: readonly string[]): string[] {
    const isSkipped = (version: string): boolean =>
      this.#skipped.some(([from, to]) => compareVersions(from, version) < 0 && compareVersions(version, to) <= 0);
    return versions.filter((version) => !this.#told.has(Number(version)) && !isSkipped(version));
  }

  #problem(text: string, object: KubeObject): void {
    if (this.problems.length < 10) this.problems.push(`${text}: ${lines([object])}`);
  }

  #rises(now: KubeObject): void {
    this.#touched.push(now);
    const last = this.#told.last(now);
    if (Number(versionOf(now)) <= last) this.#problem(`not later than ${last}`, now);
    this.#told.add(now);
  }

  #added(now: KubeObject): void {
    if (this.known.has(keyOf(now))) this.#problem("added while it was there", now);
    // An object comes back only into a selection that it had left.
    if (this.view.labelSelector === undefined && this.#told.last(now) > 0) this.#problem("added twice", now);
    this.#rises(now);
    this.known.set(keyOf(now), now);
  }

  #updated(now: KubeObject, old: KubeObject): void {
    if (!isSame(this.known.get(keyOf(now)), old)) this.#problem("updated from something else", now);
    if (now.metadata.uid !== old.metadata.uid) this.#problem("updated to another object", now);
    this.#rises(now);
    this.known.set(keyOf(now), now);
  }

  #deleted(old: KubeObject): void {
    if (!isSame(this.known.get(keyOf(old)), old)) this.#problem("deleted while it was not there", old);
    this.known.delete(keyOf(old));
  }

  /** What an event has touched, each time; everything after a list, and from time to time. */
  #compare(): void {
    const { store, relists } = this.watch;
    const all = relists !== this.#relists || ++this.#compared % 64 === 0;
    if (relists !== this.#relists) this.#skipped.push([this.#version, this.watch.resourceVersion]);
    this.#version = this.watch.resourceVersion;
    this.#relists = relists;
    for (const object of all ? this.known.values() : this.#touched) {
      const { name, namespace } = object.metadata;
      if (!isSame(store.get(name, namespace), object)) this.#problem("not what the store has", object);
    }
    this.#touched.length = 0;
    const counts = `${store.size} stored, ${this.known.size} told`;
    if (store.size !== this.known.size && this.problems.length < 10) this.problems.push(counts);
  }
}
