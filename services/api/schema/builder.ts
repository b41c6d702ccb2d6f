import SchemaBuilder from "@pothos/core";
import type { Caller } from "../auth/caller.ts";
import type { Platform } from "../cluster-state.ts";
import type { Directory } from "../directory.ts";
import type { Facts } from "../launch-context.ts";
import type { Invitations } from "../welcome/invitations.ts";

/** What resolvers work with. */
export interface ApiContext {
  readonly caller: Caller;
  readonly directory: Directory;
  readonly platform: Platform;
  readonly facts: Facts;
  /** None where they are not set up. */
  readonly invitations: Pick<Invitations, "make"> | undefined;
}

interface Types {
  Context: ApiContext;
  Scalars: { StringMap: { Input: never; Output: Readonly<Record<string, string>> } };
  DefaultFieldNullability: false;
}

export const builder = new SchemaBuilder<Types>({ defaultFieldNullability: false });

builder.scalarType("StringMap", {
  description: "An object whose values are texts",
  serialize: (value) => value,
});
