/** What a browser, or a reader of screens, makes of one input. */
interface ReadField {
  readonly label: string;
  readonly value: string;
  readonly error?: string;
  readonly isFixed?: boolean;
}

/** A page as a person meets it. */
export interface ReadPage {
  readonly title: string;
  readonly heading: string;
  readonly paragraphs: readonly string[];
  readonly alert?: string;
  readonly links: readonly (readonly [text: string, href: string])[];
  readonly form?: {
    readonly action: string;
    readonly token: string;
    readonly fields: Readonly<Record<string, ReadField>>;
  };
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
const plain = (text = ""): string => text.replace(/&([a-z]+|#39);/g, (_, name: string) => entities[name] ?? "?");

function attributesOf(tag: string): Record<string, string> {
  const found = tag.matchAll(/ ([a-z-]+)(?:="([^"]*)")?/g);
  return Object.fromEntries([...found].map(([, name = "", value = ""]) => [name, plain(value)]));
}

const textOf = (markup: string, pattern: RegExp): string => plain(pattern.exec(markup)?.[1]);

function fieldOf(markup: string, tag: string): [string, ReadField] {
  const { id = "", name = "", value = "", ...own } = attributesOf(tag);
  const describing = (own["aria-describedby"] ?? "").split(" ");
  const error = describing.includes(`${id}-error`) ? textOf(markup, new RegExp(`id="${id}-error">([^<]*)`)) : undefined;
  if ("aria-invalid" in own !== (error !== undefined)) throw new Error(`${id}: marked and told are not the same`);
  const label = textOf(markup, new RegExp(`<label for="${id}">([^<]*)`));
  return [
    name,
    { label, value, ...(error === undefined ? {} : { error }), ...("readonly" in own ? { isFixed: true } : {}) },
  ];
}

/** Reads a page of ours by its parts; what is not escaped in it shows as a part that should not be there. */
export function readPage(markup: string): ReadPage {
  const inputs = [...markup.matchAll(/<input[^>]*>/g)].map(([tag]) => tag);
  const shown = inputs.filter((tag) => !tag.includes('type="hidden"'));
  const token = attributesOf(inputs.find((tag) => tag.includes('name="token"')) ?? "")["value"] ?? "";
  const action = textOf(markup, /<form method="post" action="([^"]*)"/);
  const alert = textOf(markup, /role="alert">([^<]*)/);
  return {
    title: textOf(markup, /<title>([^<]*)/),
    heading: textOf(markup, /<h1>([^<]*)/),
    paragraphs: [...markup.matchAll(/<p(?: role="status")?>([^<]+)<\/p>/g)].map(([, text]) => plain(text)),
    ...(alert === "" ? {} : { alert }),
    links: [...markup.matchAll(/<a [^>]*href="([^"]*)"[^>]*>([^<]*)/g)].map(([, href, text]) => [
      plain(text),
      plain(href),
    ]),
    ...(action === ""
      ? {}
      : { form: { action, token, fields: Object.fromEntries(shown.map((tag) => fieldOf(markup, tag))) } }),
  };
}
