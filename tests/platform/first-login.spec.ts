import assert from "node:assert/strict";
import { eventuallyEqual } from "../support/eventually-equal.ts";
import type { Visitor } from "./support/browser.ts";
import { ConsoleSession } from "./support/console.ts";
import { fillLogin, logIn, start, stop, type UsageRows, usageRows } from "./support/hub-pages.ts";
import type { Account } from "./support/identity.ts";
import { Notebook } from "./support/notebook.ts";
import { INSTALL_MS, type Platform, platform, TEST_MS } from "./support/platform.ts";
import { Scene } from "./support/scene.ts";
import { small, smallAmounts } from "./support/sizes.ts";
import { makeAccount } from "./support/welcome-pages.ts";

const INVITE = `mutation ($group: String!, $email: String) {
  invite(group: $group, email: $email) { url group email }
}`;
const USAGE = "query ($group: String!) { usage(group: $group) { used { cpuMilli memoryBytes } } }";
interface Invite {
  readonly url: string;
  readonly group: string;
  readonly email: string | null;
}
interface Usage {
  readonly usage: { readonly used: { readonly cpuMilli: string; readonly memoryBytes: string } };
}

const unusedRows: UsageRows = {
  CPU: { mine: "0 of 2 used", group: "0 of 4 used" },
  Memory: { mine: "0 used, no limit", group: "0 of 8Gi used" },
  GPU: { mine: "0 used, no limit", group: "0 used, no limit" },
};

describe("from the first link to a result in a notebook", function () {
  this.timeout(TEST_MS);
  let it_: Platform;
  let scene: Scene;
  let restore = async (): Promise<void> => {};
  let group: string;
  let root: Visitor;
  let rootAccount: Account;
  let member: Visitor;
  let memberAccount: Account;

  /** By a session of its own: a token may be over by the time that a server has started. */
  const ask = async <T>(query: string, variables: object): Promise<T> => {
    const api = await ConsoleSession.open(root, it_.outputs.url);
    return await api.ask<T>(query, variables).finally(() => api.close());
  };
  const usage = async (): Promise<Usage["usage"]["used"]> => (await ask<Usage>(USAGE, { group })).usage.used;
  const usageBecomes = (expected: Usage["usage"]["used"]): Promise<void> =>
    eventuallyEqual("the group's usage is told", usage, expected);
  const rowsOnLaunchPage = async (): Promise<UsageRows> => {
    await member.page.goto(`${it_.outputs.url}/hub/spawn`);
    return await usageRows(member.page);
  };
  const launchPageIsUnused = (): Promise<void> =>
    eventuallyEqual("the launch page tells the quota", rowsOnLaunchPage, unusedRows);
  const unused = { cpuMilli: "0", memoryBytes: "0" };

  before(async function () {
    this.timeout(INSTALL_MS);
    it_ = await platform();
    scene = new Scene(it_);
    restore = await it_.identity.setAdministratorsAside();
    group = await scene.group("Physics", { quota: { cpu: "4", memory: "8Gi" }, memberQuota: { cpu: "2" } });
    await scene.type("Small", small, [group]);
    await scene.notebookImage("Lab", [group]);
    [root, member] = [await scene.visitor("root"), await scene.visitor("ada")];
    [rootAccount, memberAccount] = [scene.account("Root"), scene.account("Ada")];
  });
  after(async () => {
    await scene?.close().finally(restore);
  });

  it("makes the first administrator by the link that the stack tells", async () => {
    await makeAccount(root, it_.outputs.firstAdminLink, rootAccount);
    assert.deepEqual(await it_.identity.administrators(), [rootAccount.username]);
  });

  it("lets the administrator log in from there", async () => {
    await root.page.getByRole("link", { name: "Log in" }).click();
    await root.page.locator("#username").waitFor();
    await root.see("the login page");
    await fillLogin(root, rootAccount);
    await root.page.locator("#no-group").waitFor();
    await root.see("logged in");
    const text = await root.page.locator("#no-group").innerText();
    assert.match(text, new RegExp(`^You are logged in as ${rootAccount.username}, but in no group`));
  });

  it("makes no second administrator by the same link", async () => {
    const other = await scene.visitor("late");
    const answer = await other.page.goto(it_.outputs.firstAdminLink);
    await other.see("the link has been used");
    assert.deepEqual(
      { status: answer?.status(), title: await other.page.locator("h1").innerText() },
      { status: 410, title: "This link has been used" },
    );
  });

  it("invites a member, who joins by the link", async () => {
    const email = `${memberAccount.username}@example.org`;
    const { invite } = await ask<{ invite: Invite }>(INVITE, { group, email });
    const { url, ...told } = invite;
    assert.deepEqual(told, { group, email });
    await makeAccount(member, url, memberAccount);
    assert.deepEqual(await it_.identity.groupsOf(memberAccount.username), [group]);
    await member.page.goto(url);
    await member.see("the invitation has been used");
    assert.equal(await member.page.locator("h1").innerText(), "This invitation has been used");
  });

  it("starts the server that the member chose", async () => {
    await usageBecomes(unused);
    await logIn(member, memberAccount, it_.outputs.url);
    await launchPageIsUnused();
    await start(member, it_.outputs.url, { type: scene.label("Small"), image: scene.label("Lab") });
    await member.see("JupyterLab");
    await usageBecomes(smallAmounts);
  });

  it("runs a cell", async () => {
    const notebook = await Notebook.open(member.page);
    const output = await notebook.run("print(6*7)");
    await member.see("the result of a cell");
    assert.equal(output, "42");
  });

  it("gives back to the group what a stopped server used", async () => {
    await stop(member, it_.outputs.url);
    await scene.noPodOf(memberAccount.username);
    await usageBecomes(unused);
    await launchPageIsUnused();
    await member.see("the quota after the stop");
  });
});
