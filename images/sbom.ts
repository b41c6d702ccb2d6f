import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import type { BundledPackage } from "./bundle.ts";
import { type Blob, blobOf } from "./oci/content.ts";

export const SBOM_TYPE = "application/vnd.cyclonedx+json";

export interface SbomSubject {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly base: string;
  readonly packages: readonly BundledPackage[];
}

function component(type: Enums.ComponentType, { name, version, license }: BundledPackage): Models.Component {
  const made = new Models.Component(type, name, { version, bomRef: `${name}@${version}` });
  if (license !== undefined) made.licenses.add(new Models.LicenseExpression(license));
  return made;
}

/** What is in an image, as CycloneDX JSON without times and random numbers: the same image has the same document. */
export function sbomBlob(subject: SbomSubject): Blob {
  const bom = new Models.Bom();
  bom.metadata.component = component(Enums.ComponentType.Application, subject);
  bom.components.add(new Models.Component(Enums.ComponentType.Container, subject.base, { bomRef: "base-image" }));
  for (const item of subject.packages) bom.components.add(component(Enums.ComponentType.Library, item));
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return blobOf(SBOM_TYPE, Buffer.from(serializer.serialize(bom, { sortLists: true, space: 0 })));
}
