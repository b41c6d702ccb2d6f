import assert from "node:assert/strict";
import { neverSelected, selectorWithout } from "../../../components/admission/never-selected.ts";
import { type LabelSelector, matches, namespaceLabels } from "../../../policies/label-selector.ts";
import { productionWith, settingsOf } from "../../config/configurations.ts";
import { notOurs } from "./not-ours.ts";

describe("neverSelected", () => {
  it("is every namespace of the platform and of Kubernetes, but not the users' own", () => {
    assert.deepEqual(neverSelected("library"), notOurs.values);
  });

  for (const prefix of ["carrel", "c", "team-7", "work", "carrel-work", "c".repeat(40)]) {
    it(`is what the configuration derives from the prefix ${prefix}`, () => {
      const { work, ...others } = settingsOf(productionWith({ prefix })).namespaces;
      assert.deepEqual(neverSelected(prefix).slice(0, -3), Object.values(others));
      assert.ok(!neverSelected(prefix).includes(work));
    });
  }
});

describe("selectorWithout", () => {
  const selecting = { matchLabels: { on: "1" }, matchExpressions: [{ key: "off", operator: "DoesNotExist" }] };
  const selector = selectorWithout("library", selecting);

  it("asks for what is given, and for another name", () => {
    assert.deepEqual(selector, { ...selecting, matchExpressions: [...selecting.matchExpressions, notOurs] });
    assert.deepEqual(selectorWithout("library", { matchExpressions: [] }), { matchExpressions: [notOurs] });
  });

  it("selects by the label, but not what is the platform's or Kubernetes', whatever is written on it", () => {
    const isSelected = (name: string): boolean =>
      matches(selector as LabelSelector, namespaceLabels(name, { on: "1", "kubernetes.io/metadata.name": "x" }));
    assert.deepEqual([...notOurs.values, "library-work", "default", "library"].filter(isSelected), [
      "library-work",
      "default",
      "library",
    ]);
  });
});
