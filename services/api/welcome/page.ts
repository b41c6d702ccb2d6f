import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { sendText } from "../http/reply.ts";
import { type Html, html } from "./html.ts";

export interface Page {
  readonly status: number;
  readonly title: string;
  readonly body: Html;
  readonly headers?: Readonly<Record<string, string>>;
}

const STYLE = `
:root { color-scheme: light dark; --text: #1b1f24; --back: #fbfaf8; --line: #8a8f98; --accent: #1d4f91; --onaccent: #fff; --wrong: #a51d1d; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e8e6e3; --back: #16181b; --line: #767c86; --accent: #9cc4ff; --onaccent: #10213a; --wrong: #ff9c93; }
}
body { margin: 0; font: 1.0625rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); }
main { max-width: 30rem; margin: 0 auto; padding: 2.5rem 1.25rem; }
h1 { font-size: 1.6rem; line-height: 1.25; }
.field { margin: 1.1rem 0; }
label { display: block; font-weight: 600; }
.hint { margin: 0; font-size: 0.9375rem; }
.error { margin: 0; color: var(--wrong); font-weight: 600; }
.problem { padding: 0.75rem 1rem; border: 2px solid var(--wrong); }
input { box-sizing: border-box; width: 100%; margin-top: 0.25rem; padding: 0.5rem; font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 4px; }
input[aria-invalid] { border: 2px solid var(--wrong); }
button, .action { display: inline-block; margin-top: 0.5rem; padding: 0.6rem 1.2rem; font: inherit; font-weight: 600; color: var(--onaccent); background: var(--accent); border: 0; border-radius: 4px; text-decoration: none; cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`;

const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

const headers = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  // Never more than the origin, so no token. With no-referrer a browser would send `Origin: null` with the form.
  "referrer-policy": "strict-origin",
  "x-content-type-options": "nosniff",
  "cross-origin-opener-policy": "same-origin",
  "x-robots-tag": "noindex",
};

const document = ({ title, body }: Page): string => {
  // The style is of this file alone, and an entity in it would be no style.
  const style: Html = { markup: STYLE };
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} - Carrel</title>
<style>${style}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.markup;
};

export function sendPage(response: ServerResponse, page: Page): void {
  sendText(response, page.status, document(page), { ...headers, ...page.headers });
}

/** A page that only says something. */
export const notice = (status: number, title: string, ...paragraphs: readonly string[]): Page => ({
  status,
  title,
  body: html`<h1>${title}</h1>
${paragraphs.map((text) => html`<p>${text}</p>\n`)}`,
});
