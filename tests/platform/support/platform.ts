import type { LabEndpoints } from "../../../lab/endpoints.ts";
import type { KubeClient } from "../../../services/lib/kube/client.ts";
import { labUnderTest } from "../../support/lab.ts";
import { TestBrowser } from "./browser.ts";
import { TestIdentity } from "./identity.ts";
import { Kubectl } from "./kubectl.ts";
import { type StackOutputs, stackOutputs } from "./outputs.ts";
import { Screenshots } from "./screenshots.ts";

/** The deployed platform with everything to look at it: one for all specs of a process. */
export interface Platform {
  readonly endpoints: LabEndpoints;
  readonly outputs: StackOutputs;
  readonly client: KubeClient;
  readonly kubectl: Kubectl;
  readonly identity: TestIdentity;
  readonly browser: TestBrowser;
}

/** The first use installs a browser. */
export const INSTALL_MS = 900_000;
/** A test in which notebook servers start and stop. */
export const TEST_MS = 300_000;

let running: Promise<Platform> | undefined;

async function begin(): Promise<Platform> {
  const { endpoints, client } = await labUnderTest();
  const outputs = await stackOutputs();
  const screenshots = new Screenshots();
  process.stdout.write(`screenshots: ${screenshots.folder}\n`);
  const kubectl = new Kubectl(endpoints);
  const identity = await TestIdentity.open(client, kubectl, outputs.namespaces);
  const browser = await TestBrowser.start(outputs.authorityCertificate, screenshots);
  return { endpoints, outputs, client, kubectl, identity, browser };
}

/** @throws UserError when no lab runs, Error when a part of the platform is not deployed */
export function platform(): Promise<Platform> {
  running ??= begin();
  return running;
}

afterEach(async function () {
  if (this.currentTest?.state !== "failed" || running === undefined) return;
  const { browser } = await running;
  await browser.seeAll(`failed: ${this.currentTest.title}`);
});

after(async function () {
  this.timeout(60_000);
  const it_ = await running?.catch(() => undefined);
  if (it_ === undefined) return;
  await it_.browser.close();
  it_.identity.close();
  it_.kubectl.close();
});
