import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** A resource as the program registered it. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  /** Name of the parent; empty at the top of the program. */
  readonly parent: string;
  /** Name of the explicit provider that it got or inherited; empty where it is the default one. */
  readonly provider: string;
  /** Names of what it waits for, beyond the outputs that it reads. */
  readonly dependsOn: readonly string[];
  readonly inputs: Readonly<Record<string, unknown>>;
}

export interface Recording<T> {
  readonly built: T;
  /** In the order of parent, type and name. */
  readonly resources: readonly Registered[];
  readonly urns: readonly string[];
  /** What components registered as their outputs, by name. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getProvider(): string;
  getDependenciesList(): string[];
  getPropertydependenciesMap(): { entries(): Iterable<[string, { getUrnsList(): string[] }]> };
  getAdditionalsecretoutputsList(): string[];
  getObject(): { toJavaScript(): Record<string, unknown> };
}

interface OutputsRequest {
  getUrn(): string;
  getOutputs(): { toJavaScript(): Record<string, unknown> };
}

interface Monitor {
  registerResource(request: Request, callback: unknown): Promise<void>;
  registerResourceOutputs(request: OutputsRequest, callback: unknown): void;
  getRegisteredResources(): Map<string, unknown>;
}

const SECRET_KEY = "4dabf18193072939515e22adb298388d";
/** How a value that the engine would encrypt looks in a recording. */
export const secret = (value: unknown): unknown => ({ secret: value });

/** The value with Pulumi's secret signature in its short form. */
function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  if (SECRET_KEY in value) return secret(readable((value as Record<string, unknown>)["value"]));
  return Object.fromEntries(entries.map(([key, inner]) => [key, readable(inner)]));
}

const nameOf = (urn: string): string => urn.split("::")[3] ?? "";

/** What a provider computes: names that the API server makes, and the texts of keys and certificates. */
function stateOf(type: string, name: string, inputs: Record<string, unknown>): Record<string, unknown> {
  if (type.startsWith("kubernetes:")) {
    return { ...inputs, metadata: { name: `${name}-generated`, ...(inputs["metadata"] as object | undefined) } };
  }
  const computed: Record<string, readonly string[]> = {
    "random:index/randomBytes:RandomBytes": ["base64", "hex"],
    "random:index/randomPassword:RandomPassword": ["result"],
    "tls:index/privateKey:PrivateKey": [
      "privateKeyPem",
      "privateKeyOpenssh",
      "publicKeyOpenssh",
      "publicKeyFingerprintSha256",
    ],
    "tls:index/certRequest:CertRequest": ["certRequestPem"],
    "tls:index/selfSignedCert:SelfSignedCert": ["certPem"],
    "tls:index/locallySignedCert:LocallySignedCert": ["certPem"],
  };
  return {
    ...inputs,
    ...Object.fromEntries((computed[type] ?? []).map((output) => [output, `${output} of ${name}`])),
  };
}

/** What a request waits for without reading one of its outputs. */
function ordered(request: Request): string[] {
  const read = [...request.getPropertydependenciesMap().entries()].flatMap(([, urns]) => urns.getUrnsList());
  return request
    .getDependenciesList()
    .filter((urn) => !read.includes(urn))
    .map(nameOf)
    .sort();
}

function watch(monitor: Monitor, secretOutputs: Map<string, readonly string[]>) {
  const found: Registered[] = [];
  const outputs: Record<string, unknown> = {};
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    const [type, name] = [request.getType(), request.getName()];
    secretOutputs.set(`${type} ${name}`, request.getAdditionalsecretoutputsList());
    found.push({
      type,
      name,
      parent: nameOf(request.getParent()),
      provider: nameOf(request.getProvider()),
      dependsOn: ordered(request),
      inputs: readable(request.getObject().toJavaScript()) as Record<string, unknown>,
    });
    return register(request, callback);
  };
  const registerOutputs = monitor.registerResourceOutputs.bind(monitor);
  monitor.registerResourceOutputs = (request, callback) => {
    outputs[nameOf(request.getUrn())] = readable(request.getOutputs().toJavaScript());
    registerOutputs(request, callback);
  };
  return { found, outputs };
}

/** What a program reads of the cluster, by the object's id. */
export type Reads = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The Gateway API's definitions, as a cluster has them before the platform. */
const gatewayApi: Reads = Object.fromEntries(
  ["gatewayclasses", "gateways", "httproutes", "tcproutes"].map((plural) => [
    `${plural}.gateway.networking.k8s.io`,
    {
      metadata: { annotations: { "gateway.networking.k8s.io/bundle-version": "v1.6.1" } },
      spec: { versions: [{ name: "v1", served: true }] },
    },
  ]),
);

interface RecordOptions {
  readonly preview?: boolean;
  /** @default the Gateway API's definitions */
  readonly reads?: Reads;
}

/** Runs a program, or a part of one, without an engine, and answers what it registered. */
export async function record<T>(
  build: () => T,
  { preview = false, reads = gatewayApi }: RecordOptions = {},
): Promise<Recording<Awaited<T>>> {
  const secretOutputs = new Map<string, readonly string[]>();
  const mocks: pulumi.runtime.Mocks = {
    call: ({ token }) => {
      throw new Error(`the program called the provider function ${token}`);
    },
    newResource: ({ type, name, inputs, id }) => {
      // Only what is read has an id before it is there.
      if (id !== undefined && id !== "") return { id, state: reads[id] ?? {} };
      const state = stateOf(type, name, inputs as Record<string, unknown>);
      const hidden = secretOutputs.get(`${type} ${name}`) ?? [];
      const kept = Object.entries(state).map(([key, value]) => [
        key,
        hidden.includes(key) ? pulumi.secret(value) : value,
      ]);
      return { id: `${name}-id`, state: Object.fromEntries(kept) as Record<string, unknown> };
    },
  };
  await pulumi.runtime.setMocks(mocks, "carrel", "test", preview);
  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
  const { found, outputs } = watch(monitor, secretOutputs);
  const built = await build();
  // Only this waits for registrations that outputs are still on their way to.
  await pulumi.runtime.disconnect();
  const place = ({ parent, type, name }: Registered): string => `${parent} ${type} ${name}`;
  const resources = found.toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
  return { built, resources, urns: [...monitor.getRegisteredResources().keys()].sort(), outputs };
}

/** The provider that tests give to components, named as in the program. */
export const clusterProvider = (): k8s.Provider => new k8s.Provider("cluster", { kubeconfig: "of the test" });

/** Records components that take the cluster's provider, as `stacks/` hands it to them. */
export async function recordParts<T>(
  build: (opts: pulumi.ComponentResourceOptions) => T,
  options: RecordOptions = {},
): Promise<Recording<Awaited<T>>> {
  const { resources, ...rest } = await record(() => build({ providers: { kubernetes: clusterProvider() } }), options);
  return { ...rest, resources: resources.filter(({ name }) => name !== "cluster") };
}

/** Each resource as `parent > type name`, the exact set of what a component is made of. */
export const outline = (resources: readonly Registered[]): string[] =>
  resources.map(({ parent, type, name }) => `${parent} > ${type} ${name}`);

/** The one resource of a name. */
export function resourceOf(resources: readonly Registered[], name: string): Registered {
  const [found, ...others] = resources.filter((resource) => resource.name === name);
  if (!found || others.length > 0) throw new Error(`${others.length + (found ? 1 : 0)} resources are named "${name}"`);
  return found;
}
