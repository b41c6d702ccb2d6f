import { rmSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../services/lib/user-error.ts";
import { existingLayout, upBuilt } from "./cluster/built.ts";
import { upGiven } from "./cluster/given.ts";
import { downKind, upKind } from "./cluster/kind.ts";
import { withLock } from "./cluster/lock.ts";
import { findOffers } from "./cluster/offers.ts";
import { tearDown } from "./cluster/teardown.ts";
import { chooseVariant } from "./cluster/variant.ts";
import { cacheRoot, findLab, type LabEndpoints, labStateDir, readLab, stateRoot } from "./endpoints.ts";
import { failureText, Progress } from "./progress.ts";

const usage = "usage: node lab/main.ts up | down | clean | kubeconfig";

async function up(name: string, progress: Progress): Promise<LabEndpoints> {
  const offers = await findOffers();
  const { variant, reason } = chooseVariant(process.env["LAB_CLUSTER"], offers);
  progress.say(`lab "${name}": ${variant} (${reason})`);
  if (variant === "kubeconfig") return upGiven(name, offers.kubeconfig ?? "", process.env);
  return variant === "kind" ? upKind(name, offers.engine ?? "docker", progress) : upBuilt(name, progress);
}

async function down(name: string, progress: Progress): Promise<void> {
  const lab = findLab(name);
  const layout = existingLayout(name);
  if (layout) await progress.step(`lab "${name}": stop and remove`, () => tearDown(layout));
  else if (lab?.variant === "kind") await downKind(name, (await findOffers()).engine ?? "docker");
  else if (!lab) progress.say(`lab "${name}": nothing to remove`);
  rmSync(labStateDir(name), { recursive: true, force: true });
}

/** Runs one command; one lab has one of them at a time. */
async function main(command: string | undefined, name: string): Promise<void> {
  const progress = new Progress();
  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    labStateDir(name);
    return withLock(join(stateRoot(), `lab-${name}.lock`), `lab "${name}"`, work);
  };
  if (command === "up") await exclusively(() => up(name, progress));
  else if (command === "down") await exclusively(() => down(name, progress));
  else if (command === "clean") {
    await exclusively(() => down(name, progress));
    rmSync(cacheRoot(), { recursive: true, force: true });
  } else if (command === "kubeconfig") progress.say(readLab(name).kubeconfig);
  else throw new UserError("usage", usage);
}

try {
  await main(process.argv[2], process.env["LAB_NAME"] ?? "dev");
} catch (error) {
  process.stderr.write(failureText(error));
  process.exitCode = 1;
}
