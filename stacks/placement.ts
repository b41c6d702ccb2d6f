import type * as pulumi from "@pulumi/pulumi";
import type { ManagedNamespace } from "../components/foundation/managed-namespace.ts";
import { ImagePuller } from "../components/hub/image-puller.ts";
import { Placeholders } from "../components/hub/placeholders.ts";
import { UserScheduler } from "../components/hub/user-scheduler.ts";
import { USER_SCHEDULER, UserSchedulerAccess } from "../components/hub/user-scheduler-access.ts";
import { CONTROLLERS, type RealmControllersArgs } from "../components/identity/realm-controllers.ts";
import type { Settings } from "../config/settings.ts";
import { imageOf } from "../images/catalogue.ts";
import type { Foundation } from "./foundation.ts";

type Opts = pulumi.ComponentResourceOptions;

/** What notebook servers name in `schedulerName`; undefined is the cluster's own. */
export function schedulerOf({ placement: { userScheduler }, prefix }: Settings): string | undefined {
  return userScheduler ? `${prefix}-${USER_SCHEDULER}` : undefined;
}

/** What the controllers are told to pull images by; nothing where that is not asked for, or there is no hub. */
export function pullerOf(settings: Settings): Pick<RealmControllersArgs, "puller"> {
  const { placement: own, parts, namespaces, prefix, imageMirror } = settings;
  if (!own.pullImages || !parts.hub) return {};
  const { rules, exempt, onMissing } = imageMirror;
  return {
    puller: {
      namespace: namespaces.hub,
      pauseImage: imageOf("pause", settings),
      priorityClass: `${prefix}-placeholder`,
      imageMirror: { rules, exempt, onMissing },
    },
  };
}

function userSchedulerOf(
  settings: Settings,
  namespace: ManagedNamespace,
  { priorities }: Pick<Foundation, "priorities">,
  schedulerName: string,
  opts: Opts,
): UserScheduler {
  const { prefix, namespaces, network } = settings;
  const access = new UserSchedulerAccess("user-scheduler-access", { namespace: namespace.name, prefix }, opts);
  return new UserScheduler(
    "user-scheduler",
    {
      namespace: namespace.name,
      image: imageOf("scheduler", settings),
      serviceAccount: access.serviceAccount,
      priorityClass: priorities.platform,
      schedulerName,
      leaseNamespace: namespaces.hub,
      controlPlaneCidrs: network.controlPlaneCidrs,
    },
    // Without its rights it would not become ready.
    { ...opts, dependsOn: [namespace, priorities, access] },
  );
}

/**
 * Which nodes notebook servers go to and what is ready there, each where it is asked for: a scheduler that packs, placeholders,
 * images pulled beforehand. @returns what notebook servers need before they can start
 */
export function placement(
  settings: Settings,
  namespace: ManagedNamespace,
  { system, priorities }: Pick<Foundation, "system" | "priorities">,
  opts: Opts,
): readonly pulumi.Resource[] {
  const { prefix, placement: own } = settings;
  const { count, cpu, memory } = own.placeholders;
  const schedulerName = schedulerOf(settings);
  const scheduler =
    schedulerName === undefined ? [] : [userSchedulerOf(settings, namespace, { priorities }, schedulerName, opts)];
  if (count > 0) {
    const named = schedulerName === undefined ? {} : { schedulerName };
    const image = imageOf("pause", settings);
    new Placeholders(
      "placeholders",
      { namespace: namespace.name, image, priorityClass: `${prefix}-placeholder`, count, cpu, memory, ...named },
      { ...opts, dependsOn: [namespace, priorities] },
    );
  }
  if (own.pullImages) {
    const controllers = { namespace: system.name, name: CONTROLLERS };
    new ImagePuller("image-puller", { namespace: namespace.name, controllers }, opts);
  }
  return scheduler;
}
