import { createRequire } from "node:module";
import type * as Analyzer from "@pulumi/pulumi/proto/analyzer_pb.js";
import type * as Callback from "@pulumi/pulumi/proto/callback_pb.js";
import type * as Engine from "@pulumi/pulumi/proto/engine_pb.js";
import type * as Provider from "@pulumi/pulumi/proto/provider_pb.js";
import type * as Resource from "@pulumi/pulumi/proto/resource_pb.js";
import type * as EmptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import type * as StructPb from "google-protobuf/google/protobuf/struct_pb.js";
import { isRecord, mapValue, type Props, Secret, UNKNOWN } from "./values.ts";

// The generated messages assign their exports at run time, where an ESM import does not see them.
const require = createRequire(import.meta.url);
export const resource = require("@pulumi/pulumi/proto/resource_pb.js") as typeof Resource;
export const engine = require("@pulumi/pulumi/proto/engine_pb.js") as typeof Engine;
export const analyzer = require("@pulumi/pulumi/proto/analyzer_pb.js") as typeof Analyzer;
export const callback = require("@pulumi/pulumi/proto/callback_pb.js") as typeof Callback;
export const provider = require("@pulumi/pulumi/proto/provider_pb.js") as typeof Provider;
export const { Empty } = require("google-protobuf/google/protobuf/empty_pb.js") as typeof EmptyPb;
const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js") as typeof StructPb;

export const services = {
  monitor: require("@pulumi/pulumi/proto/resource_grpc_pb.js") as { ResourceMonitorService: Service },
  engine: require("@pulumi/pulumi/proto/engine_grpc_pb.js") as { EngineService: Service },
  analyzer: require("@pulumi/pulumi/proto/analyzer_grpc_pb.js") as { AnalyzerClient: ClientClass },
  callback: require("@pulumi/pulumi/proto/callback_grpc_pb.js") as { CallbacksClient: ClientClass },
};

type Service = import("@grpc/grpc-js").ServiceDefinition;
/** A generated client: methods take a message and a callback. */
export type Client = import("@grpc/grpc-js").Client &
  Record<string, (request: unknown, done: (error: Error | null, response: never) => void) => void>;
type ClientClass = new (address: string, credentials: unknown, options?: object) => Client;

export type { Analyzer, Callback, Engine, Resource, StructPb };

/** Calls a method of a generated client. */
export function call<T>(client: Client, method: string, request: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    client[method]?.(request, (error, response) => (error ? reject(error) : resolve(response)));
  });
}

// How Pulumi marks special values in its JSON, on the wire and in state files.
export const SIGNATURE = "4dabf18193072939515e22adb298388d";
export const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";
const RESOURCE_SIGNATURE = "5cf8f73096256a8f31e491e813e4eb8e";
const OUTPUT_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const UNKNOWN_STRINGS = [
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
];
export const UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

function fromSpecial(value: Record<string, unknown>): unknown {
  const signature = value[SIGNATURE];
  if (signature === SECRET_SIGNATURE) return new Secret(fromWire(value["value"]));
  // A reference to a resource is its id, or its urn where it has none.
  if (signature === RESOURCE_SIGNATURE) return value["id"] === undefined ? value["urn"] : fromWire(value["id"]);
  if (signature === OUTPUT_SIGNATURE) {
    const inner = "value" in value ? fromWire(value["value"]) : UNKNOWN;
    return value["secret"] === true ? new Secret(inner) : inner;
  }
  throw new Error(
    `assets and archives are not supported by the lab's engine (signature ${String(signature)}): use Pulumi's CLI`,
  );
}

function fromWire(value: unknown): unknown {
  return mapValue(value, (leaf) => {
    if (typeof leaf === "string" && UNKNOWN_STRINGS.includes(leaf)) return UNKNOWN;
    return isRecord(leaf) && SIGNATURE in leaf ? fromSpecial(leaf) : leaf;
  });
}

function toWire(value: unknown, keepSecrets: boolean): unknown {
  return mapValue(value, (leaf) => {
    if (leaf === UNKNOWN) return UNKNOWN_STRING;
    if (!(leaf instanceof Secret)) return leaf;
    const inner = toWire(leaf.value, keepSecrets);
    return keepSecrets ? { [SIGNATURE]: SECRET_SIGNATURE, value: inner } : inner;
  });
}

const withoutUndefined = (props: Props): Props => JSON.parse(JSON.stringify(props)) as Props;

export function propsFrom(struct: StructPb.Struct | undefined): Props {
  return struct === undefined ? {} : (fromWire(struct.toJavaScript()) as Props);
}

/** @param keepSecrets whether the receiver understands secrets; policy packs do not */
export function structFrom(props: Props, keepSecrets = true): StructPb.Struct {
  type Json = Parameters<typeof Struct.fromJavaScript>[0];
  return Struct.fromJavaScript(withoutUndefined(toWire(props, keepSecrets) as Props) as Json);
}
