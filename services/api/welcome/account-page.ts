import type { FieldErrors, FieldName, Typed } from "./account-form.ts";
import { type Html, html } from "./html.ts";
import type { Page } from "./page.ts";

export interface AccountPage {
  readonly title: string;
  /** Above the form. */
  readonly intro: readonly Html[];
  /** Where the form goes. */
  readonly action: string;
  readonly token: string;
  readonly typed: Typed;
  readonly errors?: FieldErrors;
  /** What no single field is to blame for. */
  readonly problem?: string;
  /** Whether the email address cannot be chosen. */
  readonly fixedEmail?: boolean;
}

interface Field {
  readonly name: FieldName;
  readonly label: string;
  readonly hint?: string;
  readonly type: "text" | "email" | "password";
  /** As browsers and password managers know it. */
  readonly autocomplete: string;
  /** Whether its words begin with capitals. */
  readonly hasCapitals?: boolean;
}

const fields: readonly Field[] = [
  {
    name: "userName",
    label: "User name",
    hint: "Small letters, digits, dot, dash and underscore. It cannot be changed later.",
    type: "text",
    autocomplete: "username",
  },
  { name: "firstName", label: "First name", type: "text", autocomplete: "given-name", hasCapitals: true },
  { name: "lastName", label: "Last name", type: "text", autocomplete: "family-name", hasCapitals: true },
  { name: "email", label: "Email", type: "email", autocomplete: "email" },
  { name: "password", label: "Password", type: "password", autocomplete: "new-password" },
  { name: "repeat", label: "Password again", type: "password", autocomplete: "new-password" },
];

const shownAgain = (name: FieldName, typed: Typed): string =>
  name === "password" || name === "repeat" ? "" : typed[name];

interface Shown {
  readonly value: string;
  readonly error: string | undefined;
  readonly isFixed: boolean;
  readonly isFocused: boolean;
}

function row(
  { name, label, hint, type, autocomplete, hasCapitals }: Field,
  { value, error, isFixed, isFocused }: Shown,
): Html {
  const told = [hint && `${name}-hint`, error && `${name}-error`].filter(Boolean).join(" ");
  return html`<div class="field">
<label for="${name}">${label}</label>
${hint && html`<p class="hint" id="${name}-hint">${hint}</p>\n`}${error && html`<p class="error" id="${name}-error">${error}</p>\n`}<input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" value="${value}" autocapitalize="${hasCapitals ? "words" : "none"}" spellcheck="false" required${told !== "" && html` aria-describedby="${told}"`}${error && html` aria-invalid="true"`}${isFixed && html` readonly`}${isFocused && html` autofocus`}>
</div>
`;
}

/** A page with the form of a new account: empty, or with what was typed and what is wrong with it. */
export function accountPage(page: AccountPage): Page {
  const { title, intro, action, token, typed, errors = {}, problem, fixedEmail = false } = page;
  const wrong = fields.filter(({ name }) => errors[name] !== undefined);
  const isWrong = wrong.length > 0 || problem !== undefined;
  const summary = problem ?? `Not yet: mend ${wrong.map(({ label }) => label.toLowerCase()).join(", ")}.`;
  const focused = (isWrong ? wrong[0] : fields[0])?.name;
  const rows = fields.map((field) =>
    row(field, {
      value: shownAgain(field.name, typed),
      error: errors[field.name],
      isFixed: field.name === "email" && fixedEmail,
      isFocused: field.name === focused,
    }),
  );
  return {
    status: isWrong ? 422 : 200,
    // Readers of screens hear the title first.
    title: isWrong ? `Not yet: ${title}` : title,
    body: html`<h1>${title}</h1>
${intro}${isWrong && html`<p class="problem" role="alert">${summary}</p>\n`}<form method="post" action="${action}" accept-charset="utf-8" novalidate>
<input type="hidden" name="token" value="${token}">
${rows}<button type="submit">Make the account</button>
</form>`,
  };
}

/** What is left to do once the account is there: log in. */
export const donePage = (title: string, text: string, home: string): Page => ({
  status: 200,
  title,
  body: html`<h1>${title}</h1>
<p role="status">${text}</p>
<p><a class="action" href="${home}">Log in</a></p>`,
});
