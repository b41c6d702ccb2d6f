type Json = Readonly<Record<string, unknown>>;

const isNamed = (item: unknown): item is { readonly name: string } =>
  typeof item === "object" && item !== null && "name" in item;

/** Of a list the elements with a name; one of plain values is one field. */
function fieldsOf(value: unknown): Json {
  if (Array.isArray(value)) {
    const fields = value.filter(isNamed).map((item) => [`k:${JSON.stringify({ name: item.name })}`, item] as const);
    return Object.fromEntries(fields.map(([key, item]) => [key, { ".": {}, ...fieldsOf(item) }]));
  }
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, of]) => [`f:${name}`, fieldsOf(of)]));
}

/** What the API server notes of who wrote which fields of a new object; its reviews have it. */
export function managedFieldsOf({
  metadata,
  spec,
}: {
  readonly metadata: Json;
  readonly spec: unknown;
}): readonly Json[] {
  const { name: _name, namespace: _namespace, ...noted } = metadata;
  const fieldsV1 = fieldsOf({ metadata: noted, spec });
  const written = { manager: "hub", operation: "Update", apiVersion: "v1", time: "2026-11-21T00:00:00Z" };
  return [{ ...written, fieldsType: "FieldsV1", fieldsV1 }];
}
