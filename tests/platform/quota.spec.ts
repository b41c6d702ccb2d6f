import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { callHub, option } from "./support/hub-pages.ts";
import { INSTALL_MS, type Platform, platform, TEST_MS } from "./support/platform.ts";
import { type Person, Scene } from "./support/scene.ts";
import { small } from "./support/sizes.ts";

describe("an instance type beyond the quota", function () {
  this.timeout(TEST_MS);
  let it_: Platform;
  let scene: Scene;
  let ada: Person;
  let [group, huge, image] = ["", "", ""];
  let words = "";

  before(async function () {
    this.timeout(INSTALL_MS);
    it_ = await platform();
    scene = new Scene(it_);
    group = await scene.group("Physics", { quota: {}, memberQuota: { cpu: "1", memory: "2Gi" } });
    await scene.type("Small", small, [group]);
    huge = await scene.type("Huge", { cpu: "8", memory: "1Gi" }, [group]);
    image = await scene.notebookImage("Lab", [group]);
    ada = await scene.loggedIn("Ada", [group]);
    words = `quota exceeded: member "${ada.username}" of group "${group}": cpu quota 1, used 0, requested 8`;
    await ada.visitor.page.goto(`${it_.outputs.url}/hub/spawn`);
  });
  after(() => scene?.close());

  it("is shown, but cannot be chosen, and says the numbers", async () => {
    const { page, see } = ada.visitor;
    await see("a type beyond the quota");
    const choice = option(page, "Instance type", scene.label("Huge"));
    const details = page.locator(`[id="${await choice.getAttribute("aria-describedby")}"]`);
    assert.deepEqual(
      { isDisabled: await choice.isDisabled(), told: (await details.innerText()).trim() },
      { isDisabled: true, told: `8 CPU, 1Gi memory\nNot available: ${words}` },
    );
    const chosen = page.locator('input[name="instanceType"]:checked');
    assert.deepEqual([await chosen.count(), (await chosen.getAttribute("value")) === huge], [1, false]);
  });

  it("is refused with these words where the form is sent with it nevertheless", async () => {
    const { page, see } = ada.visitor;
    await page.evaluate(`{
      const choice = document.querySelector('input[name="instanceType"][value="${huge}"]');
      choice.disabled = false;
      choice.checked = true;
    }`);
    await page.getByRole("button", { name: "Start", exact: true }).click();
    const refusal = page.locator("#launch-error, .error");
    await refusal.waitFor();
    await see("the refusal");
    const told = await refusal.innerText();
    assert.ok(told.includes(`Not started: instance type "${huge}" does not fit: ${words}.`), told);
    assert.deepEqual(await scene.podsOf(ada.username), []);
  });

  it("is refused with these words by the hub's API too", async () => {
    const { page, see } = ada.visitor;
    const choice = { group, instanceType: huge, image };
    const { status } = await callHub(page, "POST", `/users/${ada.username}/server`, choice);
    // The hub answers at once, and may not have asked what is on offer yet.
    assert.ok([202, 403].includes(status), `status ${status}`);
    const told = await eventually("the hub tells why", async () => {
      await page.goto(`${it_.outputs.url}/hub/spawn-pending/${ada.username}`);
      const text = await page.locator("body").innerText();
      return text.includes("Not started") ? text : undefined;
    });
    await see("the refusal by the hub's API");
    assert.ok(told.includes(`Not started: instance type "${huge}" does not fit: ${words}.`), told);
    assert.deepEqual(await scene.podsOf(ada.username), []);
  });
});
