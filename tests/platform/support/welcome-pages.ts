import type { Visitor } from "./browser.ts";
import type { Account } from "./identity.ts";

/** The form that makes an account, of the first administrator's link and of invitations. */
export async function makeAccount({ page, see }: Visitor, link: string, account: Account): Promise<void> {
  await page.goto(link);
  await page.locator("#userName").fill(account.username);
  await page.locator("#firstName").fill("Ada");
  await page.locator("#lastName").fill("Test");
  const email = page.locator("#email");
  if ((await email.getAttribute("readonly")) === null) await email.fill(`${account.username}@example.org`);
  await page.locator("#password").fill(account.password);
  await page.locator("#repeat").fill(account.password);
  await see("the form of an account");
  await page.getByRole("button", { name: "Make the account" }).click();
  await page.getByRole("link", { name: "Log in" }).waitFor();
  await see("the account is made");
}
