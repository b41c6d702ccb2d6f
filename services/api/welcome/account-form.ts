/** What somebody types to get an account. */
export interface AccountFields {
  readonly userName: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly password: string;
}

/** Names of inputs; `repeat` is the password again. */
export type FieldName = keyof AccountFields | "repeat";
/** What is wrong with which field, for the person who typed it. */
export type FieldErrors = Readonly<Partial<Record<FieldName, string>>>;
/** What is shown again; passwords never are. */
export type Typed = Readonly<Omit<AccountFields, "password">>;

export type ReadAccount =
  | { readonly ok: true; readonly account: AccountFields; readonly typed: Typed }
  | { readonly ok: false; readonly errors: FieldErrors; readonly typed: Typed };

export const nothingTyped: Typed = { userName: "", firstName: "", lastName: "", email: "" };

/** Keycloak's own bounds. */
const MAX_LENGTH = 255;
/** Users' names come into paths, labels and pods; letters of one script cannot be mistaken for each other. */
const USER_NAME = /^[a-z0-9][a-z0-9._-]{1,62}[a-z0-9]$/;
/** What Keycloak takes in no name of a person. */
const NO_NAME = /[<>&"$%!#?§;*~/\\|^=[\]{}()\p{Cc}]/u;
const EMAIL = /^[^\s@<>"(),:;[\]\\]{1,64}@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/i;

const userNameProblem = (text: string): string | undefined =>
  USER_NAME.test(text)
    ? undefined
    : "Write 3 to 64 of a-z, 0-9, dot, dash and underscore; the first and the last a letter or a digit.";

function nameProblem(text: string): string | undefined {
  if (text === "") return "Write your name; if you have only one, write it in both fields.";
  if (text.length > MAX_LENGTH) return `Write at most ${MAX_LENGTH} characters.`;
  const [bad] = NO_NAME.exec(text) ?? [];
  if (bad === undefined) return undefined;
  return /\p{Cc}/u.test(bad) ? "Leave out control characters." : `Leave out the ${bad} character.`;
}

/** What is wrong with an email address, if something is. */
export const emailProblem = (text: string): string | undefined =>
  EMAIL.test(text) && text.length <= MAX_LENGTH ? undefined : "Write an email address such as ada@example.org.";

/**
 * Reads the form of a new account.
 * @param email where it cannot be chosen; what was sent for it is ignored then
 */
export function readAccount(form: URLSearchParams, email?: string): ReadAccount {
  const text = (name: FieldName): string => (form.get(name) ?? "").normalize("NFC").trim();
  const typed = {
    userName: text("userName").toLowerCase(),
    firstName: text("firstName"),
    lastName: text("lastName"),
    email: email ?? text("email"),
  };
  // Of a password every character counts.
  const password = form.get("password") ?? "";
  const problems: readonly [FieldName, string | undefined][] = [
    ["userName", userNameProblem(typed.userName)],
    ["firstName", nameProblem(typed.firstName)],
    ["lastName", nameProblem(typed.lastName)],
    ["email", emailProblem(typed.email)],
    ["password", password === "" ? "Choose a password." : undefined],
    ["repeat", form.get("repeat") === password ? undefined : "Both passwords must be the same: type them again."],
  ];
  const errors = Object.fromEntries(problems.filter(([, problem]) => problem !== undefined)) as FieldErrors;
  if (Object.keys(errors).length > 0) return { ok: false, errors, typed };
  return { ok: true, account: { ...typed, password }, typed };
}
