import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config/settings.ts";
import { mirrored } from "../images/mirrored.ts";
import { planServiceImage, pushServiceImage } from "../images/service-image.ts";

/** What images say about the project they come from. */
export interface ImageOrigin {
  readonly root: string;
  readonly version: string;
  readonly license: string;
  readonly source: string;
}

/** The services that run in the cluster, by the path of their main file. */
const entries = {
  admission: "services/admission/main.ts",
  controllers: "services/controllers/main.ts",
  api: "services/api/main.ts",
  ssh: "services/ssh/main.ts",
} as const;

type ServiceName = keyof typeof entries;

/** A function for each service: its image by digest. One that is not asked for is neither built nor pushed. */
export type ServiceImages = Readonly<Record<ServiceName, () => pulumi.Output<string>>>;

/** The services' images. A preview computes their digests and pushes nothing. */
export function serviceImages({ images, imageMirror }: Settings, origin: ImageOrigin): ServiceImages {
  const image = async (name: ServiceName): Promise<string> => {
    const planned = await planServiceImage({
      name,
      entry: entries[name],
      ...origin,
      base: mirrored(images.base, imageMirror),
      registry: { host: images.registry, plainHttp: images.plainHttp },
      repository: `${images.repositoryPrefix}/${name}`,
    });
    return pulumi.runtime.isDryRun() ? planned.reference : pushServiceImage(planned);
  };
  const made = new Map<ServiceName, pulumi.Output<string>>();
  const once = (name: ServiceName) => (): pulumi.Output<string> => {
    const output = made.get(name) ?? pulumi.output(image(name));
    made.set(name, output);
    return output;
  };
  return { admission: once("admission"), controllers: once("controllers"), api: once("api"), ssh: once("ssh") };
}
