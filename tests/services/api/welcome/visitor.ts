import { type Answer, type Library, type LibraryOptions, library, PUBLIC_URL } from "../library.ts";
import { type ReadPage, readPage } from "./page-reader.ts";

/** Headers with which a browser sends a form of our own pages. */
export const form = { "content-type": "application/x-www-form-urlencoded", origin: PUBLIC_URL };
export const marie = {
  userName: "marie",
  firstName: "Marie",
  lastName: "Curie",
  email: "marie@example.org",
  password: "polonium-and-radium",
  repeat: "polonium-and-radium",
};
const labels = {
  userName: "User name",
  firstName: "First name",
  lastName: "Last name",
  email: "Email",
  password: "Password",
  repeat: "Password again",
};

/** The fields of a form that holds some texts. */
export const fields = (texts: Readonly<Record<string, object>> = {}): Record<string, object> =>
  Object.fromEntries(Object.entries(labels).map(([name, label]) => [name, { label, value: "", ...texts[name] }]));

export const typed = ({ userName, firstName, lastName, email }: typeof marie): Record<string, { value: string }> =>
  Object.fromEntries(
    Object.entries({ userName, firstName, lastName, email }).map(([name, value]) => [name, { value }]),
  );

export interface Read {
  readonly status: number;
  readonly page: ReadPage;
  readonly answer: Answer;
}

const read = (answer: Answer): Read => ({ status: answer.status, page: readPage(answer.text), answer });

/** Nobody administers the platform of a library whose `root` is taken away. */
export async function withoutAdmin(options: LibraryOptions = {}): Promise<Library> {
  const running = await library(options);
  running.keycloak.users.delete("root");
  return running;
}

export const get = async ({ send }: Library, path: string): Promise<Read> =>
  read(await send("public", { method: "GET", path }));
export const post = async (
  { send }: Library,
  path: string,
  sent: Readonly<Record<string, string>>,
  headers = {},
): Promise<Read> =>
  read(await send("public", { path, headers: { ...form, ...headers }, body: new URLSearchParams(sent).toString() }));

export const outcomes = ({ lines }: Library, event: string): unknown[] =>
  lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line["event"] === event)
    .map(({ time, level, event: _, ...rest }) => rest);

const open: Library[] = [];
export const opened = async (starting: Promise<Library>): Promise<Library> => {
  const running = await starting;
  open.push(running);
  return running;
};
export const closeAll = () => Promise.all(open.splice(0).map((running) => running.close()));
