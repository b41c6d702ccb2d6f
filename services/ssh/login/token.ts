/** Written by terminals around what is pasted; some remove the escape character alone. */
const PASTE_MARKS = ["\u001b[200~", "\u001b[201~", "[200~", "[201~"];
const QUOTES = new Set(["'", '"', "`", "\u2018", "\u2019", "\u201c", "\u201d"]);
/** Byte order mark, joiners, direction marks: copied from pages and mails without being seen. */
const INVISIBLE = new Set([0xfeff, 0x2060, 0x00ad, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f]);
const TOKEN = /^[\w.~+/=-]{8,512}$/;

const isNoise = (character: string): boolean => {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || INVISIBLE.has(code);
};

function withoutQuotes(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && QUOTES.has(text[start] ?? "")) start++;
  while (start < end && QUOTES.has(text[end - 1] ?? "")) end--;
  return text.slice(start, end);
}

/** The token in what somebody pasted, or undefined when there is none in it. */
export function cleanToken(pasted: string): string | undefined {
  let text = pasted.slice(0, 4096);
  for (const mark of PASTE_MARKS) text = text.replaceAll(mark, "");
  text = [...text].filter((character) => !isNoise(character)).join("");
  const token = withoutQuotes(text.trim()).trim();
  return TOKEN.test(token) ? token : undefined;
}
