import assert from "node:assert/strict";
import type { Settings } from "../../config/settings.ts";
import { imageOf } from "../../images/catalogue.ts";
import { foundation } from "../../stacks/foundation.ts";
import { placement, pullerOf, schedulerOf } from "../../stacks/placement.ts";
import { clusterProvider, outline, type Recording, record, resourceOf } from "../support/mocks.ts";
import { settings as everywhere, foundationParts } from "./support.ts";

const off = everywhere.placement;
const placed = (own: Partial<Settings["placement"]>): Settings => ({
  ...everywhere,
  imageMirror: { ...everywhere.imageMirror, onMissing: "keep" },
  placement: { ...off, ...own },
});
const three = { count: 3, cpu: "2", memory: "8Gi" };

/** In the place of the hub's namespace, one that the foundation has. */
const build = (given: Settings): Promise<Recording<number>> =>
  record(() => {
    const provider = clusterProvider();
    const base = foundation(given, provider);
    return placement(given, base.system, base, { providers: { kubernetes: provider } }).length;
  });
const own = ({ resources }: Recording<unknown>): string[] =>
  outline(resources).filter((line) => !foundationParts.includes(line) && line.startsWith(" > "));
const podOf = ({ resources }: Recording<unknown>, name: string): Record<string, unknown> =>
  (resourceOf(resources, name).inputs["spec"] as { template: { spec: Record<string, unknown> } }).template.spec;

describe("placement", () => {
  it("is nothing unless it is asked for", async () => {
    const recording = await build(placed({}));
    assert.deepEqual(
      [own(recording), recording.built, schedulerOf(placed({})), pullerOf(placed({}))],
      [[], 0, undefined, {}],
    );
  });

  it("is a scheduler that servers need before they start, with its rights", async () => {
    const given = placed({ userScheduler: true });
    const recording = await build(given);
    assert.deepEqual(own(recording), [
      " > carrel:hub:UserScheduler user-scheduler",
      " > carrel:hub:UserSchedulerAccess user-scheduler-access",
    ]);
    assert.deepEqual([recording.built, schedulerOf(given)], [1, "carrel-user-scheduler"]);
    const { data } = resourceOf(recording.resources, "user-scheduler-config").inputs as { data: object };
    assert.ok(JSON.stringify(data).includes("carrel-user-scheduler"));
    assert.ok(JSON.stringify(data).includes("carrel-hub"));
    const pod = podOf(recording, "user-scheduler-deployment");
    assert.deepEqual(
      [pod["serviceAccountName"], pod["priorityClassName"], (pod["containers"] as { image: string }[])[0]?.image],
      ["user-scheduler", "carrel-platform", imageOf("scheduler", given)],
    );
    const rights = resourceOf(recording.resources, "user-scheduler").dependsOn.filter((one) => one.includes("access"));
    assert.deepEqual(
      rights,
      ["account", "lease-role", "lease-role-binding", "scheduling", "volumes"].map(
        (part) => `user-scheduler-access-${part}`,
      ),
    );
  });

  it("is placeholders of a size and of the foundation's lowest priority, by the cluster's scheduler or by that of servers", async () => {
    const plain = await build(placed({ placeholders: three }));
    assert.deepEqual([own(plain), plain.built], [[" > carrel:hub:Placeholders placeholders"], 0]);
    const pod = podOf(plain, "placeholders-deployment");
    const container = (pod["containers"] as { image: string; resources: object }[])[0];
    const size = { cpu: "2", memory: "8Gi" };
    assert.deepEqual(
      [pod["schedulerName"], container?.image, container?.resources],
      [undefined, imageOf("pause", placed({})), { requests: size, limits: size }],
    );
    const classes = plain.resources.filter(({ type }) => type.endsWith(":PriorityClass"));
    const [lowest] = classes.sort((a, b) => Number(a.inputs["value"]) - Number(b.inputs["value"]));
    assert.equal(pod["priorityClassName"], (lowest?.inputs["metadata"] as { name: string } | undefined)?.name);
    const packed = await build(placed({ placeholders: three, userScheduler: true }));
    assert.equal(podOf(packed, "placeholders-deployment")["schedulerName"], "carrel-user-scheduler");
  });

  it("is what the controllers need to pull images, where there is a hub to pull them for", async () => {
    const given = placed({ pullImages: true });
    assert.deepEqual(own(await build(given)), [" > carrel:hub:ImagePuller image-puller"]);
    const { rules, exempt, onMissing } = given.imageMirror;
    assert.deepEqual(pullerOf(given), {
      puller: {
        namespace: "carrel-hub",
        pauseImage: imageOf("pause", given),
        priorityClass: "carrel-placeholder",
        imageMirror: { rules, exempt, onMissing },
      },
    });
    assert.deepEqual(pullerOf({ ...given, parts: { ...given.parts, hub: false } }), {});
  });
});
