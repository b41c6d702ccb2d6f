import type { ReviewRequest, UnreadRequest } from "./review.ts";

/** A review with a field of another type than the API gives it. */
export class UnreadableReview extends Error {
  override readonly name = "UnreadableReview";
  readonly field: string;

  constructor(field: string, wanted: string, got: unknown) {
    super(`the review cannot be read: ${field} must be ${wanted}, got ${kindOf(got)}`);
    this.field = field;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  if (typeof value !== "object") return String(value);
  return Array.isArray(value) ? "a list" : "an object";
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function checkFields(value: unknown, field: string): asserts value is Fields {
  if (!isFields(value)) throw new UnreadableReview(field, "an object", value);
}

function checkText(value: unknown, field: string): void {
  if (typeof value !== "string") throw new UnreadableReview(field, "a text", value);
}

function checkTextIfAny(value: unknown, field: string): void {
  if (value !== undefined) checkText(value, field);
}

function checkTexts(map: unknown, field: string): void {
  if (map === undefined) return;
  checkFields(map, field);
  for (const key in map) {
    if (typeof map[key] !== "string")
      throw new UnreadableReview(`${field}[${JSON.stringify(key)}]`, "a text", map[key]);
  }
}

/** What a Go program writes as null is an empty map to it. */
function dropNull(fields: { [name: string]: unknown }, name: string): void {
  if (fields[name] === null) delete fields[name];
}

const objectFields = {
  object: "object.metadata",
  oldObject: "oldObject.metadata",
} as const;

function checkObject(value: unknown, name: keyof typeof objectFields): void {
  checkFields(value, name);
  const { metadata } = value;
  const at = objectFields[name];
  checkFields(metadata, at);
  dropNull(metadata, "labels");
  dropNull(metadata, "annotations");
  checkTextIfAny(metadata["name"], `${at}.name`);
  checkTextIfAny(metadata["namespace"], `${at}.namespace`);
  checkTextIfAny(metadata["uid"], `${at}.uid`);
  checkTextIfAny(metadata["resourceVersion"], `${at}.resourceVersion`);
  checkTexts(metadata["labels"], `${at}.labels`);
  checkTexts(metadata["annotations"], `${at}.annotations`);
}

const operations: ReadonlySet<unknown> = new Set(["CREATE", "UPDATE", "DELETE", "CONNECT"]);

function checkObjects({ operation, object, oldObject }: Fields): void {
  if (!operations.has(operation)) {
    throw new UnreadableReview("operation", "CREATE, UPDATE, DELETE or CONNECT", operation);
  }
  const isCreated = operation === "CREATE";
  const isUpdated = operation === "UPDATE";
  if (isCreated || isUpdated || (object !== undefined && object !== null)) checkObject(object, "object");
  if (isUpdated || (oldObject !== undefined && oldObject !== null)) checkObject(oldObject, "oldObject");
}

/**
 * The request of a review, whose fields are what their types say. Made without a copy: this is done for every call.
 * @throws UnreadableReview for a request that no API server sends
 */
export function readRequest(unread: UnreadRequest): ReviewRequest {
  const request: Fields = unread as object as Fields;
  const { resource, userInfo, dryRun } = request;
  checkFields(resource, "resource");
  checkText(resource["group"], "resource.group");
  checkText(resource["version"], "resource.version");
  checkText(resource["resource"], "resource.resource");
  checkTextIfAny(request["subResource"], "subResource");
  checkTextIfAny(request["namespace"], "namespace");
  checkTextIfAny(request["name"], "name");
  if (dryRun !== undefined && typeof dryRun !== "boolean") {
    throw new UnreadableReview("dryRun", "true or false", dryRun);
  }
  if (userInfo !== undefined) {
    checkFields(userInfo, "userInfo");
    checkTextIfAny(userInfo["username"], "userInfo.username");
  }
  checkObjects(request);
  return unread as ReviewRequest;
}

const isNone = (value: unknown): boolean => value === undefined || value === null;

function checkQuantities(list: unknown, field: string): void {
  if (isNone(list)) return;
  checkFields(list, field);
  for (const name in list) {
    const quantity = list[name];
    if (typeof quantity !== "string" && typeof quantity !== "number") {
      throw new UnreadableReview(`${field}[${JSON.stringify(name)}]`, "a quantity", quantity);
    }
  }
}

function checkResources(resources: unknown, field: string): void {
  if (isNone(resources)) return;
  checkFields(resources, field);
  checkQuantities(resources["limits"], `${field}.limits`);
  checkQuantities(resources["requests"], `${field}.requests`);
}

function checkContainers(list: unknown, field: string): void {
  if (!Array.isArray(list)) throw new UnreadableReview(field, "a list", list);
  list.forEach((container: unknown, i) => {
    const at = `${field}[${i}]`;
    checkFields(container, at);
    checkText(container["name"], `${at}.name`);
    checkTextIfAny(container["restartPolicy"], `${at}.restartPolicy`);
    checkResources(container["resources"], `${at}.resources`);
  });
}

/**
 * Checks what decides the size of the pod in a request. The other webhooks read a pod's containers by themselves.
 * @throws UnreadableReview for a pod whose containers cannot be counted
 */
export function checkPodSize({ resource, object }: ReviewRequest): void {
  if (resource.resource !== "pods" || !object) return;
  const spec: unknown = object.spec;
  checkFields(spec, "object.spec");
  checkContainers(spec["containers"], "object.spec.containers");
  if (!isNone(spec["initContainers"])) checkContainers(spec["initContainers"], "object.spec.initContainers");
  checkResources(spec["resources"], "object.spec.resources");
  checkQuantities(spec["overhead"], "object.spec.overhead");
}
