import type { Locator, Page } from "playwright-core";
import { eventually } from "../../support/eventually.ts";
import type { Visitor } from "./browser.ts";
import type { Account } from "./identity.ts";

/** The first start of an image on a node pulls it. */
const START_MS = 240_000;

/** What is chosen on the launch page, by the names that people see. */
export interface Choice {
  /** Where there are several. */
  readonly group?: string;
  readonly type: string;
  readonly image: string;
}

/** Used and quota of CPU, memory and GPU, as the page tells them. */
export type UsageRows = Readonly<Record<string, { readonly mine: string; readonly group: string }>>;

/** The scripts of the hub's own pages take clicks from then on. */
async function scripted(page: Page): Promise<void> {
  await page.waitForFunction("window._jupyterhub_page_loaded === true");
}

/** Fills in the realm's login form, wherever one was sent there from. */
export async function fillLogin({ page }: Visitor, { username, password }: Account): Promise<void> {
  await page.locator("#username").fill(username);
  await page.locator("#password").fill(password);
  await page.locator("#kc-login").click();
}

/** From nothing to the hub. */
export async function logIn(visitor: Visitor, account: Account, url: string): Promise<void> {
  const { page, see } = visitor;
  await page.goto(`${url}/hub/`);
  await page.locator("#username").waitFor();
  await see("the login page");
  await fillLogin(visitor, account);
  await page.waitForURL((now) => now.origin === url && !now.pathname.includes("oauth_callback"));
}

/** One choice of the launch page, of the fieldset that has this legend. */
export const option = (page: Page, legend: "Instance type" | "Image", label: string): Locator =>
  page.getByRole("group", { name: legend }).getByRole("radio", { name: label, exact: true });

/** The groups that the launch page offers to choose between; none where there is only one. */
export const groupLinks = async (page: Page): Promise<string[]> =>
  (await page.getByRole("navigation", { name: "Group" }).getByRole("link").allInnerTexts()).map((text) => text.trim());

/** Opens the launch page, and chooses. */
export async function choose({ page, see }: Visitor, url: string, { group, type, image }: Choice): Promise<void> {
  await page.goto(`${url}/hub/spawn`);
  if (group !== undefined) {
    await page.getByRole("navigation", { name: "Group" }).getByRole("link", { name: group, exact: true }).click();
    await page.locator("#quota caption", { hasText: group }).waitFor();
  }
  await option(page, "Instance type", type).check();
  await option(page, "Image", image).check();
  await see("the choice");
}

/** What the hub's pages say of a start that came to nothing, wherever they say it. */
const trouble = (page: Page): Locator =>
  page.locator(
    "#launch-error, .error, .progress-log-event:has-text('Spawn failed'), .progress-log-event:has-text('Not started'), h1:has-text('Spawn failed')",
  );

/** Presses Start and waits for JupyterLab. @throws Error with the hub's words */
export async function start(visitor: Visitor, url: string, choice: Choice): Promise<void> {
  const { page, see } = visitor;
  await choose(visitor, url, choice);
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await see("the server starts");
  const outcome = await eventually(
    "JupyterLab is there",
    async () => {
      if (/^\/user\/[^/]+\/lab/.test(new URL(page.url()).pathname)) return "";
      return (await trouble(page).allInnerTexts()).at(0);
    },
    START_MS,
  );
  if (outcome !== "") throw new Error(`the hub says: ${outcome}`);
}

/** Stops one's server on the hub's home page. */
export async function stop({ page, see }: Visitor, url: string): Promise<void> {
  await page.goto(`${url}/hub/home`);
  await scripted(page);
  await page.locator("#stop").click();
  await page.locator("#stop").waitFor({ state: "hidden" });
  await see("the server is stopped");
}

/** The table of the launch page that is open. */
export async function usageRows(page: Page): Promise<UsageRows> {
  const rows = await page.locator("#quota tbody tr").all();
  const read = rows.map(async (row) => {
    const [resource = "", mine = "", group = ""] = await row.locator("th, td").allInnerTexts();
    return [resource.trim(), { mine: mine.trim(), group: group.trim() }] as const;
  });
  return Object.fromEntries(await Promise.all(read));
}

/** Makes a token on the hub's page for it. */
export async function makeToken({ page, see }: Visitor, url: string, note: string): Promise<string> {
  await page.goto(`${url}/hub/token`);
  await scripted(page);
  await page.locator("#token-note").fill(note);
  await page.getByRole("button", { name: "Request new API token" }).click();
  const shown = page.locator("#token-result");
  await shown.filter({ hasText: /\S/ }).waitFor();
  await see("a new token");
  return (await shown.innerText()).trim();
}

/** Revokes it there. */
export async function revokeToken({ page, see }: Visitor, url: string, note: string): Promise<void> {
  await page.goto(`${url}/hub/token`);
  await scripted(page);
  const row = page.locator("#api-tokens-table .token-row", { has: page.getByText(note, { exact: true }) });
  await row.getByRole("button", { name: "revoke" }).click();
  await row.waitFor({ state: "detached" });
  await see("the token is revoked");
}

/** An answer of the hub's API to who is logged in. */
export interface HubAnswer {
  readonly status: number;
  readonly text: string;
}

/** Calls the hub's API as a script of its own pages does, from one of them. */
export function callHub(page: Page, method: string, path: string, body?: object): Promise<HubAnswer> {
  return page.evaluate(
    async ([verb = "", at = "", content = ""]) => {
      const { jhdata } = globalThis as unknown as { jhdata: { xsrf_token: string } };
      const headers = { "X-XSRFToken": jhdata.xsrf_token, "content-type": "application/json" };
      const sent = content === "" ? {} : { body: content };
      const response = await fetch(`/hub/api${at}`, { method: verb, headers, ...sent });
      return { status: response.status, text: await response.text() };
    },
    [method, path, body === undefined ? "" : JSON.stringify(body)],
  );
}
