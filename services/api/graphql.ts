import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  NoSchemaIntrospectionCustomRule,
  parse,
} from "graphql";
import { createYoga, type Plugin, type YogaServerInstance } from "graphql-yoga";
import { type Logger, reasonOf } from "../lib/log.ts";
import type { Caller } from "./auth/caller.ts";
import { ApiError } from "./errors.ts";
import { GRAPHQL_PATH } from "./http/gate.ts";
import { limitRule, type QueryLimits } from "./limits.ts";
import type { ApiContext } from "./schema/builder.ts";

/** What a request has come to, for its log line. */
export interface Trace {
  operation: string | undefined;
  readonly codes: Set<string>;
}

/** What the HTTP server knows of a request. */
export interface RequestContext {
  readonly caller: Caller;
  readonly trace: Trace;
}

export interface GraphqlOptions {
  readonly schema: GraphQLSchema;
  readonly context: Omit<ApiContext, "caller">;
  readonly limits: QueryLimits;
  readonly maxBodyBytes: number;
  /** For the execution of one request. */
  readonly timeoutMs: number;
  readonly log: Logger;
}

export type Graphql = YogaServerInstance<RequestContext, object>;

const MAX_NAME = 64;

/** Refuses texts, before they are parsed whole, and queries, before they are executed, that ask for too much. */
function limiting(limits: QueryLimits): Plugin<RequestContext, RequestContext> {
  const rule = limitRule(limits);
  return {
    onParse: ({ setParseFn }) =>
      setParseFn((source, options) => parse(source, { ...options, maxTokens: limits.tokens })),
    onValidate: ({ addValidationRule, context }) => {
      addValidationRule(rule);
      // What the API can do is for people who develop with it, not for what found the secret of a server.
      if (context.caller.kind !== "person") addValidationRule(NoSchemaIntrospectionCustomRule);
    },
  };
}

/** The operation's name, as the caller gave it. */
function nameOf({ definitions }: DocumentNode, given: string | null | undefined): string | undefined {
  const named = definitions.map((one) => (one.kind === Kind.OPERATION_DEFINITION ? one.name?.value : undefined));
  return (given ?? named.find((name) => name !== undefined))?.slice(0, MAX_NAME);
}

function bounded(timeoutMs: number): Plugin<RequestContext, RequestContext> {
  return {
    onExecute: ({ executeFn, setExecuteFn, args }) => {
      args.contextValue.trace.operation = nameOf(args.document, args.operationName);
      setExecuteFn(async (given) => {
        const { promise, resolve } = Promise.withResolvers<object>();
        const late = new ApiError("TIMEOUT", `no answer within ${timeoutMs} ms: ask for less, or try again`);
        const timer = setTimeout(() => resolve({ errors: [late] }), timeoutMs);
        try {
          return await Promise.race([executeFn(given), promise]);
        } finally {
          clearTimeout(timer);
        }
      });
    },
  };
}

const codeOf = ({ extensions }: GraphQLError): string => String(extensions["code"] ?? "BAD_REQUEST");

function tracing(): Plugin<RequestContext, RequestContext> {
  return {
    onResultProcess: ({ result, serverContext }) => {
      const { errors = [] } = result as { errors?: readonly GraphQLError[] };
      for (const error of errors) serverContext.trace.codes.add(codeOf(error));
    },
  };
}

/** The error as callers see it: those made for them, and of all others only that there was one. */
export function shownError(error: unknown, log: Logger): Error {
  if (error instanceof GraphQLError) {
    const { message, originalError, nodes, source, positions, path, extensions } = error;
    if (error instanceof ApiError || originalError instanceof ApiError) return error;
    const code = { ...extensions, code: "BAD_REQUEST" };
    if (originalError === undefined)
      return new GraphQLError(message, { nodes, source, positions, path, extensions: code });
  }
  const inner = error instanceof GraphQLError ? error.originalError : error;
  log.error("failed", {
    reason: reasonOf(inner),
    path: error instanceof GraphQLError ? error.path?.join(".") : undefined,
  });
  const path = error instanceof GraphQLError ? error.path : undefined;
  return new GraphQLError("something went wrong here: try again, and tell the administrators if it stays", {
    path,
    extensions: { code: "INTERNAL" },
  });
}

/** GraphQL over HTTP for callers that are known already. */
export function graphqlHandler({ schema, context, limits, maxBodyBytes, timeoutMs, log }: GraphqlOptions): Graphql {
  return createYoga<RequestContext, object>({
    schema,
    context: () => context,
    graphqlEndpoint: GRAPHQL_PATH,
    plugins: [limiting(limits), bounded(timeoutMs), tracing()],
    maskedErrors: { isDev: false, maskError: (error) => shownError(error, log) },
    maxRequestBodySize: maxBodyBytes,
    // A document that one caller may validate, another may not.
    parserAndValidationCache: false,
    logging: false,
    graphiql: false,
    landingPage: false,
    multipart: false,
    batching: false,
    cors: false,
    // The health server answers that; nothing of this path comes through the gate.
    healthCheckEndpoint: "/unused",
  });
}
