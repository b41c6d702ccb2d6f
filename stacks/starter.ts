import type * as k8s from "@pulumi/kubernetes";
import { Starter } from "../components/starter/starter.ts";
import type { Settings } from "../config/settings.ts";
import { imageOf } from "../images/catalogue.ts";
import type { Foundation } from "./foundation.ts";

/** A first group, sizes and an image, for somebody to begin with. */
export function starter(
  settings: Settings,
  { definitions }: Pick<Foundation, "definitions">,
  provider: k8s.Provider,
): Starter {
  return new Starter(
    "starter",
    { notebookImage: imageOf("notebook", settings) },
    { providers: { kubernetes: provider }, dependsOn: [definitions] },
  );
}
