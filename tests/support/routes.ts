import type { Registered } from "./mocks.ts";

interface Target {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
}

interface ServiceInputs {
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
  readonly spec?: { readonly ports?: readonly { readonly port: number }[] };
}

/** What of routes leads nowhere in a recorded program: a sentence for each Service or port that is not declared. */
export function unservedRoutes(resources: readonly Registered[], targets: readonly Target[]): string[] {
  const services = resources
    .filter(({ type }) => type === "kubernetes:core/v1:Service")
    .map(({ inputs }) => inputs as ServiceInputs);
  return targets.flatMap(({ namespace, service, port }) => {
    const found = services.find(({ metadata }) => metadata?.name === service && metadata.namespace === namespace);
    if (found === undefined) return [`there is no Service ${namespace}/${service}`];
    const hasPort = found.spec?.ports?.some((candidate) => candidate.port === port);
    return hasPort ? [] : [`${namespace}/${service} has no port ${port}`];
  });
}
