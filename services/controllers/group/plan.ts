import type { Group as GroupObject } from "../../../crds/index.ts";
import { GROUP_NAME_ANNOTATION, slug } from "../../../quota/owner.ts";
import { type Attributes, type Group, isManaged, MANAGED, PART } from "../../lib/keycloak/types.ts";
import { UserError } from "../../lib/user-error.ts";
import { attributesOf, mirroredAttributes, withMirror } from "./attributes.ts";

/** Which part of the platform the group controller is. */
export const GROUP_PART = "group";
/** On a group in Keycloak: the Group that it is for. */
export const OBJECT_ATTRIBUTE = "carrel.dev/group";

/** What has to be done in Keycloak, and how that reads. */
export type GroupAction =
  | { readonly kind: "none"; readonly id: string }
  | { readonly kind: "create"; readonly body: object }
  | { readonly kind: "update"; readonly id: string; readonly body: object; readonly text: string };

/** The exact name of a group in Keycloak. @throws UserError where it is not the name of this Group */
export function nameOf({ metadata }: Pick<GroupObject, "metadata">): string {
  const exact = metadata.annotations?.[GROUP_NAME_ANNOTATION] ?? metadata.name;
  if (slug(exact) === metadata.name) return exact;
  throw new UserError(
    "group-name",
    `Group ${metadata.name} has the annotation ${GROUP_NAME_ANNOTATION}: ${JSON.stringify(exact)}, whose Group would be ${slug(exact)}: correct one of them`,
  );
}

const textOf = (attributes: Attributes | undefined, name: string): string => (attributes?.[name] ?? []).join(", ");

function changedAttributes(live: Attributes | undefined, wanted: Attributes): string[] {
  return [...mirroredAttributes, OBJECT_ATTRIBUTE].flatMap((name) => {
    const was = textOf(live, name);
    const now = textOf(wanted, name);
    return was === now ? [] : [`${name} was ${was || "absent"}, now ${now || "absent"}`];
  });
}

/** Compares a Group with the group in Keycloak that is it. @throws UserError, QuantityError for a Group that cannot be mirrored */
export function planGroup(object: Pick<GroupObject, "metadata" | "spec">, live: Group | undefined): GroupAction {
  const name = nameOf(object);
  const mirror = { ...attributesOf(object), [OBJECT_ATTRIBUTE]: [object.metadata.name] };
  if (live === undefined) {
    return { kind: "create", body: { name, attributes: { ...mirror, [MANAGED]: ["true"], [PART]: [GROUP_PART] } } };
  }
  const texts = changedAttributes(live.attributes, mirror);
  // Renamed by hand; what refers to the group has its name from here.
  if (live.name !== name) texts.unshift(`name was ${live.name}, now ${name}`);
  if (texts.length === 0) return { kind: "none", id: live.id };
  const body = { ...live, name, attributes: withMirror(live.attributes, mirror) };
  return { kind: "update", id: live.id, body, text: texts.join("; ") };
}

/** The Group that a group in Keycloak was made for; none for what others have made. */
export const objectOf = (live: Group): string | undefined =>
  isManaged(live, GROUP_PART) ? live.attributes?.[OBJECT_ATTRIBUTE]?.[0] : undefined;
