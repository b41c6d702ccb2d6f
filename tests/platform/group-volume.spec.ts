import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { groupLinks, start, stop } from "./support/hub-pages.ts";
import { Notebook } from "./support/notebook.ts";
import { INSTALL_MS, type Platform, platform, TEST_MS } from "./support/platform.ts";
import { type Person, Scene } from "./support/scene.ts";
import { small } from "./support/sizes.ts";

/** A change of membership is seen within so long, without a new login. */
const MEMBERSHIP_MS = 5_000;

describe("the volume of a group", function () {
  this.timeout(TEST_MS);
  let it_: Platform;
  let scene: Scene;
  let [physics, chemistry] = ["", ""];
  let ada: Person;
  let bob: Person;
  let eve: Person;

  const startIn = (person: Person, group?: string): Promise<void> =>
    start(person.visitor, it_.outputs.url, {
      ...(group === undefined ? {} : { group: scene.label(group) }),
      type: scene.label("Small"),
      image: scene.label("Lab"),
    });

  before(async function () {
    this.timeout(INSTALL_MS);
    it_ = await platform();
    scene = new Scene(it_);
    physics = await scene.group("Physics", { quota: { cpu: "4" }, volume: { size: "64Mi" } });
    chemistry = await scene.group("Chemistry", { quota: { cpu: "4" } });
    await scene.type("Small", small, [physics, chemistry]);
    await scene.notebookImage("Lab", [physics, chemistry]);
    ada = await scene.loggedIn("Ada", [physics]);
    bob = await scene.loggedIn("Bob", [physics, chemistry]);
    eve = await scene.loggedIn("Eve", [chemistry]);
  });
  after(() => scene?.close());

  it("has for one member what another one wrote", async () => {
    await startIn(ada);
    const written = await Notebook.open(ada.visitor.page);
    const write = `open("/group/${physics}/note.txt", "w").write("from ada")`;
    assert.equal(await written.run(write), "8");
    await startIn(bob, "Physics");
    const read = await Notebook.open(bob.visitor.page);
    const output = await read.run(`print(open("/group/${physics}/note.txt").read())`);
    await bob.visitor.see("the file of another member");
    assert.equal(output, "from ada");
  });

  it("takes what the other one adds", async () => {
    const { metadata } = await scene.podOf(bob.username);
    const add = `echo from bob > /group/${physics}/answer.txt && stat -c %g /group/${physics} /group/${physics}/*`;
    const output = await it_.kubectl.exec(scene.work, metadata.name, ["sh", "-c", add]);
    const owners = output.trim().split("\n");
    assert.deepEqual([owners.length, new Set(owners).size], [3, 1], `not of one group: ${output}`);
  });

  it("is not there for members of other groups", async () => {
    await startIn(eve);
    const notebook = await Notebook.open(eve.visitor.page);
    assert.equal(await notebook.run('import os; print(os.path.exists("/group"))'), "False");
    const { spec } = await scene.podOf(eve.username);
    const paths = spec.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ mountPath }) => mountPath));
    assert.deepEqual(
      paths.filter((path) => path.startsWith("/group")),
      [],
    );
  });

  it("is offered no more to who was removed from the group, without a new login", async () => {
    const { page, see } = bob.visitor;
    await stop(bob.visitor, it_.outputs.url);
    await scene.noPodOf(bob.username);
    const launch = `${it_.outputs.url}/hub/spawn`;
    await page.goto(launch);
    assert.deepEqual((await groupLinks(page)).sort(), [scene.label("Chemistry"), scene.label("Physics")]);
    await it_.identity.leave(bob.username, physics);
    const removed = performance.now();
    // The last page that had the group, by when it was asked for: how long a page takes here is not what is claimed.
    let staleMs = 0;
    await eventually("the hub offers one group", async () => {
      const askedMs = performance.now() - removed;
      await page.goto(launch);
      if ((await groupLinks(page)).length === 0) return true;
      staleMs = askedMs;
      return undefined;
    });
    await see("the group is offered no more");
    assert.equal(await page.locator("#quota caption").innerText(), `Quota of group ${scene.label("Chemistry")}`);
    assert.ok(staleMs <= MEMBERSHIP_MS, `it was offered after ${staleMs} ms`);
  });
});
