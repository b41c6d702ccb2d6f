import assert from "node:assert/strict";
import { notebooksIn, podsIn, podsOf } from "../../../components/hub/peers.ts";

const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": "library-work" } };
const hubPods = { matchLabels: { "app.kubernetes.io/part-of": "carrel", "app.kubernetes.io/name": "hub" } };

describe("the hub's peers", () => {
  it("are the pods of a program, in one namespace or another", () => {
    assert.deepEqual(podsOf("hub"), { podSelector: hubPods });
    assert.deepEqual(podsIn("library-work", "hub"), { namespaceSelector, podSelector: hubPods });
  });

  it("are notebook servers by the label that KubeSpawner gives, in their namespace alone", () => {
    assert.deepEqual(notebooksIn("library-work"), {
      namespaceSelector,
      podSelector: { matchLabels: { component: "singleuser-server" } },
    });
  });
});
