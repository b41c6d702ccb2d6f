import assert from "node:assert/strict";
import { connect } from "node:net";
import { eventually } from "../support/eventually.ts";
import { type Listener, type Places, type Probe, probeProgram, probes } from "./probes.ts";
import { addressOf, isServed, podsBehind, podsWith } from "./support/behind.ts";
import { start } from "./support/hub-pages.ts";
import { INSTALL_MS, type Platform, platform, TEST_MS } from "./support/platform.ts";
import { type Person, Scene } from "./support/scene.ts";
import { small } from "./support/sizes.ts";

const CONNECT_MS = 5_000;

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_MS });
    const end = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}

describe("a user's pod", function () {
  this.timeout(TEST_MS);
  let it_: Platform;
  let scene: Scene;
  let ada: Person;
  let bob: Person;
  let all: readonly Probe[];
  let found: Readonly<Record<string, unknown>>;

  const listens = (listener: Listener): boolean | Promise<boolean> => {
    if (listener.by === "nobody") return true;
    if (listener.by === "machine") return connects(listener.host, listener.port);
    return isServed(it_.client, listener.namespace, listener.service, listener.port);
  };

  before(async function () {
    this.timeout(INSTALL_MS);
    it_ = await platform();
    const { endpoints, outputs, client, kubectl } = it_;
    scene = new Scene(it_);
    const physics = await scene.group("Physics", { quota: { cpu: "4" } });
    const chemistry = await scene.group("Chemistry", { quota: { cpu: "4" } });
    await scene.type("Small", small, [physics, chemistry]);
    await scene.notebookImage("Lab", [physics, chemistry]);
    ada = await scene.loggedIn("Ada", [physics]);
    bob = await scene.loggedIn("Bob", [chemistry]);
    const choice = { type: scene.label("Small"), image: scene.label("Lab") };
    await start(ada.visitor, outputs.url, choice);
    await start(bob.visitor, outputs.url, choice);
    const [own, other] = [await scene.podOf(ada.username), await scene.podOf(bob.username)];
    const behind = async (namespace: string, service: string): Promise<string> =>
      addressOf(await podsBehind(client, namespace, service));
    const { system, identity, hub } = outputs.namespaces;
    const places: Places = {
      namespaces: outputs.namespaces,
      node: new URL(client.config.server).hostname,
      registry: endpoints.registry.host,
      gateway: endpoints.exposure?.gatewayCidrs[0]?.split("/")[0] ?? "",
      publicPort: endpoints.exposure?.publicPort ?? 443,
      otherPod: addressOf([other]),
      user: ada.username,
      keycloakPod: await behind(identity, "keycloak"),
      hubPod: await behind(hub, "hub"),
      admissionPod: await behind(system, "admission"),
      controllersPod: addressOf(await podsWith(client, system, { "app.kubernetes.io/name": "controllers" })),
    };
    all = probes(places);
    const program = probeProgram(all);
    found = JSON.parse(await kubectl.exec(scene.work, own.metadata.name, ["python3", "-"], program));
  });
  after(() => scene?.close());

  it("is probed in many ways, each under a name of its own", () => {
    assert.ok(all.length >= 30, `${all.length} probes`);
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
    assert.deepEqual(Object.keys(found).sort(), all.map(({ name }) => name).sort());
  });

  it("reaches what it needs, and is and may do no more than that", () => {
    const expected = Object.fromEntries(all.map(({ name, expect }) => [name, expect]));
    assert.deepEqual(found, expected);
  });

  it("is kept from what is there: somebody listens at each place that it cannot reach", async () => {
    let silent: readonly Probe[] = all;
    // Each has to be heard once: whoever is busy is not ready now and then.
    await eventually("somebody listens everywhere", async () => {
      const heard = await Promise.all(silent.map(({ listener }) => listener === undefined || listens(listener)));
      silent = silent.filter((_, i) => !heard[i]);
      assert.deepEqual(
        silent.map(({ name }) => name),
        [],
      );
      return true;
    });
  });

  it("is opened by its own user alone", async () => {
    const { page, see } = bob.visitor;
    const answer = await page.goto(`${it_.outputs.url}/user/${ada.username}/lab`);
    await see("the server of somebody else");
    assert.ok([403, 404].includes(answer?.status() ?? 0), `status ${answer?.status()}`);
    assert.equal(await page.locator("#jp-main-dock-panel").count(), 0);
  });
});
