import { path } from "../../lib/keycloak/client.ts";
import type { ProtocolMapper } from "../../lib/keycloak/types.ts";
import { type Change, post, put } from "./change.ts";
import type { MapperDeclaration } from "./declaration.ts";
import { type DifferenceOptions, differences } from "./differences.ts";

/** A mapper as Keycloak takes it. */
export const mapperBody = ({ name, type, config }: MapperDeclaration): ProtocolMapper => ({
  name,
  protocol: "openid-connect",
  protocolMapper: type,
  config,
});

/** Mappers of a client or a scope; others that are there stay. @param at the owner's path */
export function planMappers(
  owner: string,
  at: string,
  declared: readonly MapperDeclaration[],
  live: readonly ProtocolMapper[] = [],
  options: DifferenceOptions,
): Change[] {
  return declared.flatMap((mapper): Change[] => {
    const object = `mapper ${mapper.name} of ${owner}`;
    const found = live.find(({ name }) => name === mapper.name);
    const models = `${at}/protocol-mappers/models`;
    if (found === undefined)
      return [{ object, text: "was missing, now made", request: post(models, mapperBody(mapper)) }];
    const wanted = { protocolMapper: mapper.type, config: mapper.config };
    const texts = differences(wanted, { ...found }, options);
    if (texts.length === 0) return [];
    const body = { ...found, ...wanted, config: { ...found.config, ...mapper.config } };
    return [{ object, text: texts.join("; "), request: put(models + path`/${found.id ?? ""}`, body) }];
  });
}
