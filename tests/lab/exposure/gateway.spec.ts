import assert from "node:assert/strict";
import { get } from "node:http";
import { request } from "node:https";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type PeerCertificate, type TLSSocket } from "node:tls";
import type { Condition, Gateway, HttpRoute } from "../../../lab/gateway/objects.ts";
import { eventually } from "../../support/eventually.ts";
import { echoOf, gateways, httpRoutes, ports, Scene, send, tcpRoutes } from "./support.ts";

const prefix = (value: string) => ({ path: { type: "PathPrefix", value } });
const to = (name: string, port = 80) => [{ name, port }];
const facts = (conditions: readonly Condition[] = []): string[] =>
  conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`).sort();

function certificateOf(scene: Scene, servername: string): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const options = { host: scene.address, port: ports.https, servername, rejectUnauthorized: false };
    const socket: TLSSocket = connectTls(options, () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    }).on("error", reject);
  });
}

/** What a plain connection answers to a line, whole once `until` is in it. */
function speak(scene: Scene, line: string, until: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = "";
    const socket: Socket = connectTcp(ports.ssh, scene.address, () => socket.write(line));
    socket.setEncoding("utf8").on("data", (text: string) => {
      heard += text;
      if (!heard.includes(until)) return;
      socket.destroy();
      resolve(heard);
    });
    socket.on("error", reject).on("close", () => reject(new Error(`closed after "${heard}"`)));
  });
}

describe("the lab's gateway", () => {
  let scene: Scene;
  let host: string;
  let other: string;

  before(async () => {
    scene = await Scene.open();
    host = scene.host;
    other = `old-${host}`;
    await scene.certificate("first", [host, `*.${host}`]);
    await scene.certificate("second", [other]);
    await scene.gateway(["first", "second"]);
    await Promise.all(["hub", "api"].map((app) => scene.service(app)));
    await Promise.all([scene.server("hub-1", "hub"), scene.server("api-1", "api")]);
    await scene.route("hub", { hostnames: [host], rules: [{ matches: [prefix("/")], backendRefs: to("hub") }] });
    await scene.route("api", {
      hostnames: [host, `api.${host}`],
      rules: [
        { matches: [prefix("/welcome"), { path: { type: "Exact", value: "/graphql" } }], backendRefs: to("api") },
      ],
    });
    await scene.route("ssh", { rules: [{ backendRefs: to("hub", 22) }] }, "ssh", tcpRoutes);
    await scene.until(200, host);
  });
  after(() => scene.close());

  it("says of a Gateway that it is programmed, at which address, and with how many routes", async () => {
    // A route is served first, and counted in the status then.
    const status = await eventually("the gateway counts every route", async () => {
      const gateway = await scene.api.get<Gateway>(gateways, scene.namespace, "gate");
      const attached = gateway.status?.listeners?.map(({ attachedRoutes }) => attachedRoutes);
      return attached?.join() === "0,2,1" ? gateway.status : undefined;
    });
    assert.deepEqual(status?.addresses, [{ type: "IPAddress", value: scene.address }]);
    assert.deepEqual(facts(status?.conditions), ["Accepted=True Accepted", "Programmed=True Programmed"]);
    const fine = ["Accepted=True Accepted", "Conflicted=False NoConflicts", "Programmed=True Programmed"];
    assert.deepEqual(
      status?.listeners?.map(({ name, attachedRoutes, conditions }) => [name, attachedRoutes, facts(conditions)]),
      [
        ["http", 0, [...fine, "ResolvedRefs=True ResolvedRefs"]],
        ["https", 2, [...fine, "ResolvedRefs=True ResolvedRefs"]],
        ["ssh", 1, [...fine, "ResolvedRefs=True ResolvedRefs"]],
      ],
    );
  });

  it("shows each name its own certificate", async () => {
    const shown = await Promise.all([host, `api.${host}`, other].map((name) => certificateOf(scene, name)));
    assert.deepEqual(
      shown.map(({ subject }) => subject.CN),
      ["first", "first", "second"],
    );
  });

  it("serves both versions of HTTP", async () => {
    assert.equal((await scene.get(host)).status, 200);
    const protocol = await new Promise((resolve, reject) => {
      const own = { host: scene.address, port: ports.https, servername: host, rejectUnauthorized: false };
      const socket: TLSSocket = connectTls({ ...own, ALPNProtocols: ["h2", "http/1.1"] }, () => {
        resolve(socket.alpnProtocol);
        socket.destroy();
      }).on("error", reject);
    });
    assert.equal(protocol, "h2");
  });

  it("routes by name and by whole elements of the path, the longest first", async () => {
    const served = async (name: string, path: string): Promise<string> => {
      const answer = await scene.get(name, path);
      return answer.status === 200 ? echoOf(answer).server : String(answer.status);
    };
    const asked: [string, string, string][] = [
      [host, "/", "hub-1"],
      [host, "/welcome", "api-1"],
      [host, "/welcome/token?x=1", "api-1"],
      [host, "/welcomes", "hub-1"],
      [host, "/graphql", "api-1"],
      [host, "/graphql/more", "hub-1"],
      [`api.${host}`, "/graphql", "api-1"],
      [`api.${host}`, "/", "404"],
      [`console.${host}`, "/", "404"],
      [host.toUpperCase(), "/graphql", "api-1"],
    ];
    const got = await Promise.all(asked.map(async ([name, path]) => [name, path, await served(name, path)]));
    assert.deepEqual(got, asked);
  });

  it("refuses a path that another program could read as another one", async () => {
    const tricks = [
      "/welcome/../hub",
      "/welcome/%2e%2e/hub",
      "/welcome/..;/hub",
      "/welcome/.%2E/hub",
      "/./hub",
      "/a/..",
    ];
    const got = await Promise.all(tricks.map(async (path) => (await scene.get(host, path)).status));
    assert.deepEqual(
      got,
      tricks.map(() => 400),
    );
    assert.equal((await scene.get(host, "/user/ada/files/.bashrc?next=/../x")).status, 200);
    assert.equal((await scene.get(host, "/user/ada/files/a..b/...c")).status, 200);
  });

  it("tells who the client is, whatever the client says", async () => {
    const forged = {
      "x-forwarded-for": "203.0.113.9",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "evil.example",
      "x-forwarded-port": "1",
      "x-real-ip": "203.0.113.9",
      forwarded: "for=203.0.113.9",
    };
    const { headers, peer } = echoOf(await scene.get(host, "/", { headers: forged }));
    const mine = scene.address.replace(/\.3$/, ".1");
    const told = Object.entries(headers).filter(([name]) => name.includes("forwarded") || name === "x-real-ip");
    assert.deepEqual(Object.fromEntries(told), {
      "x-forwarded-for": mine,
      "x-forwarded-proto": "https",
      "x-forwarded-host": `${host}:${ports.https}`,
      "x-forwarded-port": String(ports.https),
    });
    assert.match(peer, new RegExp(`${scene.address.replaceAll(".", "[.]")}$`));
  });

  it("carries websockets", async () => {
    const text = "6*7";
    const heard = await new Promise<Buffer>((resolve, reject) => {
      const own = scene.target(host, "/user/ada/ws");
      const upgrade = {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": Buffer.alloc(16).toString("base64"),
      };
      const outgoing = request({ ...own, agent: false, headers: { ...own.headers, ...upgrade } });
      outgoing.on("upgrade", (_, socket) => {
        const mask = Buffer.from([1, 2, 3, 4]);
        const masked = Buffer.from(text).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
        socket.write(Buffer.concat([Buffer.from([129, 128 | text.length]), mask, masked]));
        socket.once("data", (frame: Buffer) => {
          socket.destroy();
          resolve(frame);
        });
      });
      outgoing.on("response", ({ statusCode }) => reject(new Error(`answered ${statusCode}`)));
      outgoing.on("error", reject).end();
    });
    assert.deepEqual(heard, Buffer.concat([Buffer.from([129, text.length]), Buffer.from(text)]));
  });

  it("redirects plain HTTP and other names, with their paths and queries", async () => {
    const redirect = (requestRedirect: object) => [{ filters: [{ type: "RequestRedirect", requestRedirect }] }];
    const https = { scheme: "https", port: ports.https, statusCode: 301 };
    await scene.route("to-https", { hostnames: [host], rules: redirect(https) }, "http");
    await scene.route("to-host", { hostnames: [other], rules: redirect({ ...https, hostname: host }) });
    const moved = await scene.until(301, other, "/a?b=c");
    assert.equal(moved.headers["location"], `https://${host}:${ports.https}/a?b=c`);
    const location = await eventually("plain HTTP is redirected", async () => {
      const options = { host: scene.address, port: ports.http, path: "/x?y=%2F", headers: { host }, agent: false };
      const response = await new Promise<import("node:http").IncomingMessage>((resolve, reject) =>
        get(options, resolve).on("error", reject),
      );
      response.resume();
      return response.statusCode === 301 ? response.headers.location : undefined;
    });
    assert.equal(location, `https://${host}:${ports.https}/x?y=%2F`);
  });

  it("carries TCP, in which the server may speak first", async () => {
    assert.equal(await speak(scene, "hello\n", "hello"), "SSH-2.0-sample\r\nhello\n");
  });

  it("is what pods find under a public name, and knows them by their own address", async () => {
    const { address, output } = await scene.inside(
      "browser",
      `require("node:https").get({ host: "${host}", port: ${ports.https}, rejectUnauthorized: false }, (r) => {
        let body = ""; r.on("data", (d) => { body += d; }).on("end", () => console.log(body));
      });`,
    );
    assert.equal(JSON.parse(output).headers["x-forwarded-for"], address);
  });

  it("loses no request while endpoints come and go", async () => {
    const agent = scene.keepAlive();
    const counts = new Map<string, number>();
    const failures: string[] = [];
    const stop = new AbortController();
    const ask = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        const what = await send({ ...scene.target(host, "/load"), agent }).then(
          (answer) => (answer.status === 200 ? echoOf(answer).server : `status ${answer.status}`),
          (error: Error) => `failed: ${error.message}`,
        );
        counts.set(what, (counts.get(what) ?? 0) + 1);
        if (!what.startsWith("hub-")) failures.push(what);
      }
    };
    const load = Promise.all(Array.from({ length: 8 }, ask));
    await scene.server("hub-2", "hub");
    await eventually("the new endpoint serves", async () => (counts.has("hub-2") ? true : undefined));
    await scene.remove("hub-1");
    await scene.server("hub-3", "hub");
    await eventually("the third endpoint serves", async () => (counts.has("hub-3") ? true : undefined));
    await scene.remove("hub-2");
    await eventually("the third endpoint serves alone", async () => {
      counts.clear();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      return counts.size === 1 ? true : undefined;
    });
    stop.abort();
    await load;
    agent.destroy();
    assert.deepEqual(failures, []);
  });

  it("judges its own requests by the network policies of the pods", async () => {
    const policies = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      plural: "networkpolicies",
      namespaced: true,
    };
    const policy = (name: string, spec: object) =>
      scene.api.create(policies, scene.namespace, {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { name },
        spec: { podSelector: { matchLabels: { app: "api" } }, ...spec },
      });
    await policy("deny", { policyTypes: ["Ingress"] });
    await eventually("the pod is not reached", () =>
      scene.get(host, "/graphql", { timeout: 1_000 }).then(
        ({ status }) => (status === 503 ? true : undefined),
        () => true as const,
      ),
    );
    const from = [{ ipBlock: { cidr: `${scene.address}/32` } }];
    await policy("allow", { ingress: [{ from, ports: [{ protocol: "TCP", port: 8080 }] }] });
    await scene.until(200, host, "/graphql");
  });

  it("takes a renewed certificate without a new connection being refused", async () => {
    await scene.certificate("second", [other, `new.${other}`]);
    await eventually("the new certificate is shown", async () => {
      const { subjectaltname } = await certificateOf(scene, other);
      return subjectaltname?.includes(`DNS:new.${other}`) || undefined;
    });
  });

  it("says what a route asks for in vain, and answers 500 for it", async () => {
    await scene.route("lost", { hostnames: [`lost.${host}`], rules: [{ backendRefs: to("nobody") }] });
    await scene.until(500, `lost.${host}`);
    // It is served first, and told in the status then.
    const parent = await eventually("the route has a status", async () => {
      const { status } = await scene.api.get<HttpRoute>(httpRoutes, scene.namespace, "lost");
      return status?.parents?.[0];
    });
    assert.deepEqual(facts(parent.conditions), ["Accepted=True Accepted", "ResolvedRefs=False BackendNotFound"]);
  });

  it("answers 404 once a route is removed", async () => {
    await scene.api.delete(httpRoutes, scene.namespace, "hub");
    await scene.until(404, host);
    assert.equal((await scene.get(host, "/graphql")).status, 200);
  });
});
