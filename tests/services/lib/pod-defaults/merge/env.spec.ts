import assert from "node:assert/strict";
import { mergeEnv } from "../../../../../services/lib/pod-defaults/merge/env.ts";
import { mergedContainer, podDefault } from "../support.ts";

const env = (name: string, value: string) => ({ name, value });

describe("env", () => {
  it("is appended by name, and what is there and equal stays", () => {
    const { container, operations, gifts } = mergedContainer(mergeEnv, { env: [env("A", "1")] }, [
      podDefault("a", { env: [env("A", "1"), env("B", "2")] }),
      podDefault("b", { env: [env("B", "2"), env("C", "3")] }),
    ]);
    assert.deepEqual(container?.env, [env("A", "1"), env("B", "2"), env("C", "3")]);
    assert.deepEqual(
      operations.map(({ path }) => path),
      ["/spec/containers/1/env/-", "/spec/containers/1/env/-"],
    );
    assert.deepEqual(
      gifts.map(({ podDefault, key, outcome }) => [podDefault, key, outcome]),
      [
        ["a", "A", "kept"],
        ["a", "B", "added"],
        ["b", "B", "kept"],
        ["b", "C", "added"],
      ],
    );
  });

  it("is equal to what the API server made of it", () => {
    const fieldRef = { fieldPath: "metadata.name" };
    const present = [{ name: "POD", valueFrom: { fieldRef: { ...fieldRef, apiVersion: "v1" } } }];
    const source = podDefault("a", { env: [{ name: "POD", valueFrom: { fieldRef } }] });
    const { operations, conflicts } = mergedContainer(mergeEnv, { env: present }, [source]);
    assert.deepEqual([operations, conflicts], [[], []]);
  });

  it("conflicts with another value, of the pod or of another PodDefault", () => {
    const { conflicts } = mergedContainer(mergeEnv, { env: [env("A", "1")] }, [
      podDefault("a", { env: [env("A", "2"), env("B", "1")] }),
      podDefault("b", { env: [env("B", "2")] }),
    ]);
    const base = { field: "env", container: "main" };
    assert.deepEqual(conflicts, [
      { ...base, podDefault: "a", key: "A", value: env("A", "2"), otherValue: env("A", "1") },
      { ...base, podDefault: "b", key: "B", other: "a", value: env("B", "2"), otherValue: env("B", "1") },
    ]);
  });
});
