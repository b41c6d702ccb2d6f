import assert from "node:assert/strict";
import fc from "fast-check";
import { Store } from "../../../../services/lib/kube/store.ts";
import type { KubeObject } from "../../../../services/lib/kube/types.ts";

const object = (name: string, uid: string, resourceVersion: string, namespace?: string): KubeObject => ({
  metadata: { name, uid, resourceVersion, ...(namespace === undefined ? {} : { namespace }) },
});

const idOf = ({ metadata }: KubeObject): string =>
  `${metadata.namespace ?? ""}/${metadata.name}#${metadata.uid}@${metadata.resourceVersion}`;

/** A store that writes down what its handlers were told. */
function recorded(): { store: Store<KubeObject>; told: string[] } {
  const told: string[] = [];
  const store = new Store<KubeObject>({
    added: (now) => void told.push(`added ${idOf(now)}`),
    updated: (now, old) => void told.push(`updated ${idOf(old)} to ${idOf(now)}`),
    deleted: (old) => void told.push(`deleted ${idOf(old)}`),
  });
  return { store, told };
}

describe("Store", () => {
  it("tells an addition, an update, and nothing for the same version again", () => {
    const { store, told } = recorded();
    store.put(object("a", "u1", "1", "n"));
    store.put(object("a", "u1", "1", "n"));
    store.put(object("a", "u1", "2", "n"));
    assert.deepEqual(told, ["added n/a#u1@1", "updated n/a#u1@1 to n/a#u1@2"]);
    assert.deepEqual(store.get("a", "n"), object("a", "u1", "2", "n"));
    assert.deepEqual([store.size, store.get("a")], [1, undefined]);
  });

  it("takes a recreated object as a deletion and an addition", () => {
    const { store, told } = recorded();
    store.put(object("a", "u1", "1"));
    store.put(object("a", "u2", "5"));
    assert.deepEqual(told, ["added /a#u1@1", "deleted /a#u1@1", "added /a#u2@5"]);
    assert.deepEqual([...store.values()], [object("a", "u2", "5")]);
  });

  it("ignores the deletion of an older object of the same name", () => {
    const { store, told } = recorded();
    store.put(object("a", "u2", "5"));
    store.remove(object("a", "u1", "4"));
    store.remove(object("b", "u9", "4"));
    assert.deepEqual([told, store.size], [["added /a#u2@5"], 1]);
    store.remove(object("a", "u2", "6"));
    assert.deepEqual([told.at(-1), store.size], ["deleted /a#u2@5", 0]);
  });

  it("takes a list as the whole truth", () => {
    const { store, told } = recorded();
    for (const each of [object("gone", "g", "1"), object("kept", "k", "2"), object("again", "x1", "3")])
      store.put(each);
    told.length = 0;
    store.replaceAll([object("kept", "k", "7"), object("again", "x2", "8"), object("new", "n", "9")]);
    assert.deepEqual(told, [
      "deleted /gone#g@1",
      "updated /kept#k@2 to /kept#k@7",
      "deleted /again#x1@3",
      "added /again#x2@8",
      "added /new#n@9",
    ]);
    assert.deepEqual([...store.values()].map(idOf).sort(), ["/again#x2@8", "/kept#k@7", "/new#n@9"]);
  });

  it("undoes a change that a handler could not take, so that it can be told again", () => {
    const told: string[] = [];
    let isBroken = true;
    const tell = (text: string): void => {
      if (isBroken) throw new Error(text);
      told.push(text);
    };
    const store = new Store<KubeObject>({
      added: (now) => tell(`added ${idOf(now)}`),
      updated: (now, old) => tell(`updated ${idOf(old)} to ${idOf(now)}`),
      deleted: (old) => tell(`deleted ${idOf(old)}`),
    });
    const changes = [
      () => store.put(object("a", "u1", "1")),
      () => store.put(object("a", "u1", "2")),
      () => store.put(object("a", "u2", "3")),
      () => store.remove(object("a", "u2", "4")),
      () => store.replaceAll([object("b", "u3", "5")]),
      () => store.replaceAll([]),
    ];
    for (const change of changes) {
      const before = [...store.values()];
      isBroken = true;
      assert.throws(change);
      assert.deepEqual([...store.values()], before);
      isBroken = false;
      change();
    }
    assert.deepEqual(told, [
      "added /a#u1@1",
      "updated /a#u1@1 to /a#u1@2",
      "deleted /a#u1@2",
      "added /a#u2@3",
      "deleted /a#u2@3",
      "added /b#u3@5",
      "deleted /b#u3@5",
    ]);
  });

  it("works without handlers", () => {
    const store = new Store<KubeObject>();
    store.put(object("a", "1", "1"));
    store.put(object("a", "2", "2"));
    store.put(object("a", "2", "3"));
    store.replaceAll([]);
    assert.equal(store.size, 0);
  });
});

const anyObject = fc
  .tuple(
    fc.constantFrom("a", "b", "c"),
    fc.constantFrom("u1", "u2"),
    fc.constantFrom("1", "2", "3"),
    fc.constantFrom(undefined, "n", "m"),
  )
  .map((parts) => object(...parts));
const step = fc.oneof(
  fc.record({ do: fc.constant("put" as const), object: anyObject }),
  fc.record({ do: fc.constant("remove" as const), object: anyObject }),
  fc.record({
    do: fc.constant("replaceAll" as const),
    objects: fc.uniqueArray(anyObject, { selector: keyOf, maxLength: 5 }),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

/** What a store has to hold, said in the simplest way. */
function applyToModel(model: Map<string, KubeObject>, taken: Step): void {
  if (taken.do === "put") model.set(keyOf(taken.object), taken.object);
  else if (taken.do === "remove") {
    const old = model.get(keyOf(taken.object));
    if (old?.metadata.uid === taken.object.metadata.uid) model.delete(keyOf(taken.object));
  } else {
    model.clear();
    for (const each of taken.objects) model.set(keyOf(each), each);
  }
}

function applyToStore(store: Store<KubeObject>, taken: Step): void {
  if (taken.do === "put") store.put(taken.object);
  else if (taken.do === "remove") store.remove(taken.object);
  else store.replaceAll(taken.objects);
}

const sorted = (objects: Iterable<KubeObject>): string[] => [...objects].map(idOf).sort();

describe("Store, after any events", () => {
  it("holds what a plain map would hold, and its handlers were told exactly that", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const model = new Map<string, KubeObject>();
        const told = new Map<string, KubeObject>();
        const store = new Store<KubeObject>({
          added: (now) => {
            assert.ok(!told.has(keyOf(now)), "added twice");
            told.set(keyOf(now), now);
          },
          updated: (now, old) => {
            assert.deepEqual([told.get(keyOf(now)), old.metadata.uid], [old, now.metadata.uid]);
            told.set(keyOf(now), now);
          },
          deleted: (old) => {
            assert.deepEqual(told.get(keyOf(old)), old);
            told.delete(keyOf(old));
          },
        });
        for (const each of steps) {
          applyToModel(model, each);
          applyToStore(store, each);
          assert.deepEqual(sorted(store.values()), sorted(model.values()));
          assert.deepEqual(sorted(told.values()), sorted(model.values()));
          assert.equal(store.size, model.size);
        }
      }),
      { numRuns: 200 },
    );
  });
});
