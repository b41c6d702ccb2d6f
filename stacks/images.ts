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
const entries = { admission: "services/admission/main.ts" } as const;

export type ServiceImages = Readonly<Record<keyof typeof entries, pulumi.Output<string>>>;

/** The services' images by digest. A preview computes them and pushes nothing. */
export function serviceImages({ images, imageMirror }: Settings, origin: ImageOrigin): ServiceImages {
  const image = async (name: keyof typeof entries): Promise<string> => {
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
  return { admission: pulumi.output(image("admission")) };
}
