import assert from "node:assert/strict";
import fc from "fast-check";
import { html } from "../../../../services/api/welcome/html.ts";

const unescaped = (text: string): string =>
  text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");

describe("html", () => {
  it("escapes texts, keeps markup, joins lists and leaves out what is not there", () => {
    const items = ["a<b", "&amp;"].map((text) => html`<li title="${text}">${text}</li>`);
    const { markup } = html`<ul>${items}</ul>${undefined}${false}${""}${html`<hr>`}`;
    assert.equal(markup, '<ul><li title="a&lt;b">a&lt;b</li><li title="&amp;amp;">&amp;amp;</li></ul><hr>');
  });

  it("lets no text out of its place, and loses nothing of it", () => {
    const tricky = fc.string({ unit: fc.constantFrom("<", ">", '"', "'", "&", "$", "`", "\\", "a", "lt;", "é") });
    fc.assert(
      fc.property(fc.oneof(tricky, fc.string({ unit: "binary" })), (text) => {
        const { markup } = html`${text}`;
        assert.doesNotMatch(markup, /[<>"']/);
        assert.equal(unescaped(markup), text);
      }),
    );
  });
});
