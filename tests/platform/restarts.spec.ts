import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { podsBehind } from "./support/behind.ts";
import { fillLogin, start } from "./support/hub-pages.ts";
import { Notebook } from "./support/notebook.ts";
import { isReady, pods } from "./support/objects.ts";
import { INSTALL_MS, type Platform, platform, TEST_MS } from "./support/platform.ts";
import { type Person, Scene } from "./support/scene.ts";
import { small } from "./support/sizes.ts";

const BACK_MS = 240_000;

/** Ends when the file is there, whoever looks meanwhile. */
const waitingCell = `import os, time
print("begun", flush=True)
while not os.path.exists("go"):
    time.sleep(0.1)
print("finished")`;

describe("while a part of the platform restarts", function () {
  this.timeout(BACK_MS + TEST_MS);
  let it_: Platform;
  let scene: Scene;
  let ada: Person;
  let bob: Person;
  let notebook: Notebook;

  /** Kills the pods of a Service at once; answers what waits until others are ready. */
  const kill = async (namespace: string, service: string): Promise<() => Promise<true>> => {
    const before = await podsBehind(it_.client, namespace, service);
    assert.notEqual(before.length, 0);
    for (const { metadata } of before) {
      await it_.client.delete(pods, namespace, metadata.name, { gracePeriodSeconds: 0 });
    }
    const old = new Set(before.map(({ metadata }) => metadata.uid));
    const isBack = async (): Promise<true | undefined> => {
      const now = await podsBehind(it_.client, namespace, service);
      return now.some((pod) => isReady(pod) && !old.has(pod.metadata.uid)) ? true : undefined;
    };
    return () => eventually(`${service} is back`, isBack, BACK_MS);
  };

  before(async function () {
    this.timeout(INSTALL_MS);
    it_ = await platform();
    scene = new Scene(it_);
    const group = await scene.group("Physics", { quota: { cpu: "4" } });
    await scene.type("Small", small, [group]);
    await scene.notebookImage("Lab", [group]);
    ada = await scene.loggedIn("Ada", [group]);
    bob = await scene.person("Bob", [group]);
    await start(ada.visitor, it_.outputs.url, { type: scene.label("Small"), image: scene.label("Lab") });
    notebook = await Notebook.open(ada.visitor.page);
  });
  after(() => scene?.close());

  it("a cell that runs goes on over a restart of the hub, and finishes", async () => {
    const { metadata } = await scene.podOf(ada.username);
    const cell = await notebook.send(waitingCell);
    assert.equal(await notebook.firstOutputOf(cell), "begun");
    const back = await kill(it_.outputs.namespaces.hub, "hub");
    await back();
    await it_.kubectl.exec(scene.work, metadata.name, ["sh", "-c", "touch ~/go"]);
    await eventually("the cell has finished", async () => {
      assert.equal(await notebook.outputOf(cell), "begun\nfinished");
      return true;
    });
    await ada.visitor.see("a cell that went on");
    assert.equal((await scene.podOf(ada.username)).metadata.uid, metadata.uid);
  });

  it("the hub knows the server again", async () => {
    await eventually("the hub leads to the server", async () => {
      await ada.visitor.page.goto(`${it_.outputs.url}/hub/spawn`);
      return /\/user\/[^/]+\/lab/.test(ada.visitor.page.url()) ? true : undefined;
    });
    assert.equal((await scene.podsOf(ada.username)).length, 1);
  });

  it("a server goes on while Keycloak is away", async () => {
    const { metadata } = await scene.podOf(ada.username);
    await ada.visitor.page.goto(`${it_.outputs.url}/user/${ada.username}/lab?reset`);
    notebook = await Notebook.open(ada.visitor.page);
    const back = await kill(it_.outputs.namespaces.identity, "keycloak");
    assert.equal(await notebook.run("print(6*7)"), "42");
    await ada.visitor.page.goto(`${it_.outputs.url}/hub/home`);
    await ada.visitor.page.locator("#stop").waitFor();
    await ada.visitor.see("the hub while Keycloak is away");
    await back();
    assert.equal((await scene.podOf(ada.username)).metadata.uid, metadata.uid);
  });

  it("login works again by itself", async () => {
    const { page, see } = bob.visitor;
    await eventually(
      "the login form is there",
      async () => {
        await page.goto(`${it_.outputs.url}/hub/`);
        return (await page.locator("#username").count()) === 1 ? true : undefined;
      },
      BACK_MS,
    );
    await fillLogin(bob.visitor, bob);
    await page.waitForURL((now) => now.origin === it_.outputs.url && !now.pathname.includes("oauth_callback"));
    // What the page shows is asked of Keycloak by others, who may still wait before they ask again.
    await eventually("the launch page is there", async () => {
      await page.goto(`${it_.outputs.url}/hub/spawn`);
      return (await page.locator("#spawn_form").count()) === 1 ? true : undefined;
    });
    await see("logged in after the restart");
  });
});
