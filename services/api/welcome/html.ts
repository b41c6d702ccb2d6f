/** Markup that is safe to send: only {@link html} makes it. */
export interface Html {
  readonly markup: string;
}

type Value = string | Html | readonly Html[] | false | undefined;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (one) => entities[one] ?? one);

function markupOf(value: Value): string {
  if (value === undefined || value === false) return "";
  if (typeof value === "string") return escaped(value);
  if ("markup" in value) return value.markup;
  return value.map(({ markup }) => markup).join("");
}

/** Markup whose values are escaped, unless they are markup themselves; attributes have to be quoted. */
export const html = (parts: TemplateStringsArray, ...values: readonly Value[]): Html => ({
  markup: String.raw({ raw: parts }, ...values.map(markupOf)),
});
