import { isDeepStrictEqual } from "node:util";
import type { KubeObject, ResourceRef } from "../../services/lib/kube/types.ts";
import { conditionsOf, type Finding, no, yes } from "./conditions.ts";
import { routeKindOf } from "./listeners.ts";
import {
  CONTROLLER_NAME,
  type Gateway,
  type GatewayClass,
  type HttpRoute,
  type ListenerStatus,
  type RouteParentStatus,
  refs,
  type TcpRoute,
} from "./objects.ts";
import type { JudgedRoute, Translation } from "./translate.ts";

/** An object whose status is not what it should be, with the whole status that it should have. */
export interface StatusChange {
  readonly ref: ResourceRef;
  readonly object: KubeObject;
  readonly status: Readonly<Record<string, unknown>>;
}

export interface Told {
  /** Now, as Kubernetes writes a time. */
  readonly now: string;
  /** Why the proxy does not do what is planned; absent where it does. */
  readonly failure?: string;
}

const GROUP = "gateway.networking.k8s.io";

function classChange(object: GatewayClass, { now }: Told): StatusChange {
  const conditions = conditionsOf([yes("Accepted")], object.status?.conditions, object, now);
  return { ref: refs.gatewayClasses, object, status: { ...object.status, conditions } };
}

const programmed = ({ failure }: Told): Finding =>
  failure === undefined ? yes("Programmed") : no("Programmed", "Invalid", failure);

type Listeners = Translation["listeners"];

function listenerStatus({ gateway, listener, kind, ...judged }: Listeners[number], told: Told): ListenerStatus {
  const before = gateway.status?.listeners?.find(({ name }) => name === listener.name)?.conditions;
  const isPortTaken = judged.accepted.reason === "PortUnavailable";
  const findings = [
    judged.accepted,
    judged.resolvedRefs,
    isPortTaken ? yes("Conflicted", "PortUnavailable") : no("Conflicted", "NoConflicts", ""),
    kind === undefined ? no("Programmed", "Invalid", "the listener cannot be served") : programmed(told),
  ];
  return {
    name: listener.name,
    supportedKinds: [{ group: GROUP, kind: routeKindOf(listener.protocol) }],
    attachedRoutes: judged.attachedRoutes,
    conditions: conditionsOf(findings, before, gateway, told.now),
  };
}

function gatewayChange(gateway: Gateway, { listeners, plan }: Translation, told: Told): StatusChange {
  const own = listeners.filter((judged) => judged.gateway === gateway);
  const isServed = own.some(({ kind }) => kind !== undefined);
  const areAllValid = own.every(({ kind }) => kind !== undefined);
  const findings = [
    areAllValid ? yes("Accepted") : { ...yes("Accepted", "ListenersNotValid"), message: "see the listeners" },
    isServed ? programmed(told) : no("Programmed", "Invalid", "no listener can be served"),
  ];
  const status = {
    addresses: [{ type: "IPAddress", value: plan.address }],
    conditions: conditionsOf(findings, gateway.status?.conditions, gateway, told.now),
    listeners: own.map((judged) => listenerStatus(judged, told)),
  };
  return { ref: refs.gateways, object: gateway, status };
}

function routeChange(
  ref: ResourceRef,
  { route, parents }: JudgedRoute<HttpRoute | TcpRoute>,
  { now }: Told,
): StatusChange {
  const before = route.status?.parents ?? [];
  // What other controllers say about their own parents is theirs.
  const others = before.filter(({ controllerName }) => controllerName !== CONTROLLER_NAME);
  const own = parents.map(({ parentRef, findings }): RouteParentStatus => {
    const earlier = before.find(
      (parent) => parent.controllerName === CONTROLLER_NAME && isDeepStrictEqual(parent.parentRef, parentRef),
    );
    const conditions = conditionsOf(findings, earlier?.conditions, route, now);
    return { parentRef, controllerName: CONTROLLER_NAME, conditions };
  });
  return { ref, object: route, status: { parents: [...others, ...own] } };
}

const isNew = ({ object, status }: StatusChange): boolean => {
  const current = (object as { readonly status?: Readonly<Record<string, unknown>> }).status ?? {};
  // A route that is not ours has no status of ours, and needs none.
  if (current["parents"] === undefined && isDeepStrictEqual(status, { parents: [] })) return false;
  return Object.entries(status).some(([field, value]) => !isDeepStrictEqual(current[field], value));
};

/** Every status that has to be written for the cluster to say what is so. */
export function statusChanges(translation: Translation, told: Told): StatusChange[] {
  const { classes, gateways, httpRoutes, tcpRoutes } = translation;
  return [
    ...classes.map((object) => classChange(object, told)),
    ...gateways.map((gateway) => gatewayChange(gateway, translation, told)),
    ...httpRoutes.map((judged) => routeChange(refs.httpRoutes, judged, told)),
    ...tcpRoutes.map((judged) => routeChange(refs.tcpRoutes, judged, told)),
  ].filter(isNew);
}
