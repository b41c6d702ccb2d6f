import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { lookup } from "node:dns/promises";
import { join } from "node:path";
import type { Gateway } from "../../../lab/gateway/objects.ts";
import { eventually } from "../../support/eventually.ts";
import { eventuallyEqual } from "../../support/eventually-equal.ts";
import { labUnderTest } from "../../support/lab.ts";
import { LabProgram } from "../engine/support.ts";
import { gateways, send } from "./support.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const ports = { https: 9543, http: 9180, ssh: 9322 };

/** The stack as index.ts has it, with an authority and priorities of its own, and Services that nobody stands behind. */
const body = (prefix: string, gatewayClass: string): string => `
const { exposure } = await import(${JSON.stringify(join(root, "stacks/exposure.ts"))});
const { publicNames } = await import(${JSON.stringify(join(root, "config/exposure.ts"))});
const { CertificateAuthority } = await import(${JSON.stringify(join(root, "components/foundation/certificate-authority.ts"))});
const certificates = { validityDays: 30, renewalDays: 10 };
const authority = new CertificateAuthority("authority", { commonName: "test", ...certificates }, { providers: { kubernetes: provider } });
const names = ["system", "identity", "hub", "work", "storage", "monitoring", "energy", "gateway"];
const namespaces = Object.fromEntries(names.map((name) => [name, "${prefix}-" + name]));
const after = ["system", "identity", "hub"].map(
  (name) => new k8s.core.v1.Namespace(name, { metadata: { name: namespaces[name] } }, opts));
const settings = {
  host: "${prefix}.localhost", prefix: "${prefix}", namespaces, certificates,
  port: ${ports.https}, ssh: { port: ${ports.ssh} }, names: publicNames("${prefix}.localhost", ${ports.https}),
  network: { controlPlaneCidrs: [] },
  exposure: { httpPort: ${ports.http}, gatewayClass: "${gatewayClass}", clients: { namespace: namespaces.gateway, cidrs: [] },
    tls: { from: "authority" }, otherHosts: ["old-${prefix}.localhost"], metallbAddresses: [] },
};
exposure(settings, { authority, priorities: { platform: "none" } }, { hub: true, identity: true, api: true, ssh: true }, provider, after);
export const ca = authority.certPem;
`;

describe("the stack of exposure in the lab", () => {
  const prefix = `t${randomBytes(3).toString("hex")}`;
  const host = `${prefix}.localhost`;
  let program: LabProgram | undefined;
  let address = "";
  let ca = "";

  before(async () => {
    const { client, endpoints } = await labUnderTest();
    assert.ok(endpoints.exposure);
    address = endpoints.exposure.gatewayCidrs[0]?.split("/")[0] ?? "";
    const made = new LabProgram("exposure", client, endpoints);
    program = made;
    const { outputs } = await made.up(body(prefix, endpoints.exposure.gatewayClass));
    ca = String(outputs["ca"]);
  });
  after(async () => {
    try {
      await program?.done("destroy");
    } finally {
      program?.project.remove();
    }
  });

  const ask = (name: string, path = "/") =>
    send({
      ...{ host: address, port: ports.https, servername: name, path, headers: { host: name } },
      ...{ agent: false, ca, timeout: 30_000 },
    });

  it("is programmed, with a certificate that the authority vouches for", async () => {
    await eventually("the Gateway is programmed", async () => {
      const { client } = await labUnderTest();
      const { status } = await client.get<Gateway>(gateways, `${prefix}-gateway`, "carrel");
      return status?.conditions?.some(({ type, status: is }) => type === "Programmed" && is === "True") || undefined;
    });
    await eventually("there is a route, and no Service yet", async () =>
      (await ask(host)).status === 500 ? true : undefined,
    );
  });

  it("has routes for what may be reached, and for nothing else", async () => {
    const statusOf = async (name: string, path: string): Promise<number> => (await ask(name, path)).status;
    const asked: [string, string, number][] = [
      [`id.${host}`, "/realms/carrel", 500],
      [`id.${host}`, "/admin/", 404],
      [`id.${host}`, "/", 404],
      [`id.${host}`, "/realms/../admin/", 400],
      [`id.${host}`, "/metrics", 404],
      [`api.${host}`, "/graphql", 500],
      [`api.${host}`, "/metrics", 404],
      [`console.${host}`, "/", 404],
      [`old-${host}`, "/", 301],
    ];
    const answer = async ([name, path]: [string, string, number]): Promise<[string, string, number]> => {
      return [name, path, await statusOf(name, path)];
    };
    // Routes come to the gateway one by one.
    await eventuallyEqual("every route is served", () => Promise.all(asked.map(answer)), asked);
  });

  it("is this machine for a browser here, where its resolver knows such names", async function () {
    const found = await lookup(host).catch(() => undefined);
    if (found === undefined) this.skip();
    assert.match(found.address, /^(127\.|::1$)/);
  });

  it("changes nothing when it is applied again", async () => {
    const again = await program?.done("up");
    assert.deepEqual(
      again?.steps.filter(({ op }) => op !== "same").map(({ op, urn }) => `${op} ${urn}`),
      [],
    );
  });
});
