import { type GraphQLSchema, lexicographicSortSchema, printSchema } from "graphql";
import { guardSchema } from "../access.ts";
import { builder } from "./builder.ts";
import "./mutation.ts";
import "./query.ts";

/** The schema, each of whose fields asks its rule before it answers. */
export const apiSchema = (): GraphQLSchema => guardSchema(builder.toSchema());

/** The schema as `schema.graphql` keeps it. */
export const schemaText = (schema: GraphQLSchema): string => `${printSchema(lexicographicSortSchema(schema))}\n`;
