import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { choose, option } from "./support/hub-pages.ts";
import { INSTALL_MS, type Platform, platform, TEST_MS } from "./support/platform.ts";
import { type Person, Scene } from "./support/scene.ts";
import { small } from "./support/sizes.ts";

/** Whoever waits for an image that cannot come is told within so long. */
const REASON_MS = 30_000;

describe("when nothing can be started", function () {
  this.timeout(TEST_MS);
  let it_: Platform;
  let scene: Scene;
  let nobody: Person;
  let ada: Person;
  let broken = "";

  before(async function () {
    this.timeout(INSTALL_MS);
    it_ = await platform();
    scene = new Scene(it_);
    const group = await scene.group("Physics", { quota: { cpu: "4" } });
    await scene.type("Small", small, [group]);
    await scene.notebookImage("Lab", [group]);
    broken = `${it_.endpoints.registry.host}/tests/no-such-image:1`;
    await scene.image("Broken", broken, [group]);
    nobody = await scene.loggedIn("Nobody");
    ada = await scene.loggedIn("Ada", [group]);
  });
  after(() => scene?.close());

  it("a user without a group is told whom to ask", async () => {
    const { page, see } = nobody.visitor;
    await page.goto(`${it_.outputs.url}/hub/spawn`);
    await see("in no group");
    const text = (await page.locator("#no-group").innerText()).replaceAll(/\s+/g, " ").trim();
    const [, contact = ""] = /Ask (.+) to add you to one/.exec(text) ?? [];
    assert.notEqual(contact, "");
    assert.equal(
      text,
      `You are logged in as ${nobody.username}, but in no group that may start servers. Ask ${contact} to add you to one, then try again.`,
    );
    assert.equal(await page.getByRole("button", { name: "Start", exact: true }).count(), 0);
  });

  it("an image that cannot be pulled is told with the reason", async () => {
    const { page, see } = ada.visitor;
    await choose(ada.visitor, it_.outputs.url, { type: scene.label("Small"), image: scene.label("Broken") });
    const begun = performance.now();
    await page.getByRole("button", { name: "Start", exact: true }).click();
    const reason = page.getByText(`the image "${broken}" cannot be pulled`).locator("visible=true").first();
    await reason.waitFor({ timeout: REASON_MS * 2 });
    const tookMs = performance.now() - begun;
    await see("an image that cannot be pulled");
    await eventually("the page says that it is over", async () => {
      assert.match(await reason.innerText(), /cannot be pulled: .*not found/);
      assert.deepEqual(
        [
          await page.getByText("Your server is starting up").isVisible(),
          await page.locator("#not-started").innerText(),
        ],
        [false, "Your server has not started."],
      );
      return true;
    });
    assert.ok(tookMs <= REASON_MS, `it took ${tookMs} ms`);
  });

  it("leads back to the choice, and leaves nothing behind", async () => {
    const { page, see } = ada.visitor;
    await page.getByRole("link", { name: "Choose again" }).locator("visible=true").first().click();
    await option(page, "Image", scene.label("Lab")).check();
    await see("back at the choice");
    await scene.noPodOf(ada.username);
  });
});
