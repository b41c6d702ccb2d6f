import { UserError } from "../../services/lib/user-error.ts";

/** A parsed image reference: `host[:port]/repository[:tag][@digest]`. */
export interface ImageReference {
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: `sha256:${string}`;
}

// The grammar of the distribution specification, with a host that is always written out.
const pattern =
  /^(?<registry>[a-zA-Z0-9.-]+(?::\d{1,5})?|\[[0-9a-f:]+\](?::\d{1,5})?)\/(?<repository>[a-z0-9]+(?:(?:\.|_|__|-+|\/)[a-z0-9]+)*)(?::(?<tag>\w[\w.-]{0,127}))?(?:@(?<digest>sha256:[a-f0-9]{64}))?$/;

/** @throws UserError when the reference does not name a registry and a repository */
export function parseReference(text: string): ImageReference {
  const groups = pattern.exec(text)?.groups;
  if (!groups) {
    throw new UserError(
      "image-reference",
      `image reference "${text}" is not of the form host/repository[:tag][@sha256:digest]: write the registry's host out`,
    );
  }
  const { registry = "", repository = "", tag, digest } = groups;
  return {
    registry,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest: digest as `sha256:${string}` }),
  };
}
