import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import type { Plan, PlannedListener, PlannedRule } from "../../lab/gateway/plan.ts";
import { render } from "../../lab/gateway/render.ts";

const address = "10.0.0.3";
const backend = {
  name: "edge/hub:80",
  endpoints: [
    { address: "10.1.0.5", port: 8000 },
    { address: "10.1.0.6", port: 8000 },
  ],
};
const listener = (more: Partial<PlannedListener>): PlannedListener => ({
  id: "edge_gate_https",
  port: 8443,
  kind: "https",
  certificates: [],
  rules: [],
  ...more,
});
const plan = (...listeners: PlannedListener[]): Plan => ({ address, listeners });
const rendered = (given: Plan) => render(given, { folder: "/state/gateway" });
/** What follows the parts that every configuration has. */
const body = (given: Plan): string =>
  rendered(given).config.split("nothing is served under this name and path'\n\n")[1] ?? "";

const head = `global
  user haproxy
  group haproxy
  maxconn 4000
  nbthread 2
  log stdout format raw local0 notice
  stats socket /state/gateway/admin.sock mode 600 level admin expose-fd listeners
  ssl-default-bind-options ssl-min-ver TLSv1.2
  # Old processes serve what was open, as websockets, until it ends by itself.
  hard-stop-after 12h
  mworker-max-reloads 50

defaults
  mode http
  timeout connect 5s
  timeout client 10m
  timeout server 10m
  timeout http-request 10s
  timeout http-keep-alive 60s
  timeout tunnel 24h
  # A connection that the client has kept open is closed by an answer, never under a request.
  option idle-close-on-response
  retries 3
  option redispatch 1
  retry-on conn-failure empty-response

frontend revision
  bind unix@/state/gateway/revision.sock mode 600
  http-request return status 200 content-type text/plain string e3b0c44298fc1c14

backend no-route
  http-request return status 404 content-type text/plain string 'nothing is served under this name and path'

`;

const httpsListener = `frontend edge_gate_https
  bind 10.0.0.3:8443 ssl crt-list /state/gateway/edge_gate_https.list alpn h2,http/1.1
  http-request set-var(txn.host) req.hdr(host),field(1,:),lower
  http-request deny deny_status 400 if { path -m reg -i '(^|/|\\\\|%2f|%5c)(\\.|%2e)(\\.|%2e)?(;|/|\\\\|%2f|%5c|%3b|$)' }
  http-request del-header Forwarded
  http-request del-header X-Real-IP
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto https
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Forwarded-Port 8443
  use_backend edge_gate_https-0 if { var(txn.host) -m str 'a.example.org' } { path -m str '/graphql' }
  use_backend edge_gate_https-1 if { var(txn.host) -m end '.example.org' } { path -m str '/hub' }
  use_backend edge_gate_https-1 if { var(txn.host) -m end '.example.org' } { path -m beg '/hub/' }
  use_backend edge_gate_https-2 if { var(txn.host) -m str 'old.example.org' }
  use_backend edge_gate_https-3 if { path -m str '/lost' }
  use_backend edge_gate_https-3 if { path -m beg '/lost/' }
  default_backend no-route

backend edge_gate_https-0
  balance leastconn
  http-request disable-l7-retry unless { method GET HEAD OPTIONS }
  server 10.1.0.5:8000 10.1.0.5:8000 source 10.0.0.3
  server 10.1.0.6:8000 10.1.0.6:8000 source 10.0.0.3

backend edge_gate_https-1
  balance leastconn
  http-request disable-l7-retry unless { method GET HEAD OPTIONS }

backend edge_gate_https-2
  http-request redirect code 301 location https://a.example.org:8443%[pathq]

backend edge_gate_https-3
  http-request return status 500

`;

describe("render", () => {
  it("of no listener answers its revision alone", () => {
    assert.deepEqual(rendered(plan()), { config: head, files: new Map(), revision: "e3b0c44298fc1c14" });
  });

  it("writes a listener of HTTPS with its rules in their order", () => {
    const rules: PlannedRule[] = [
      { host: "a.example.org", path: { type: "Exact", value: "/graphql" }, action: { backend } },
      {
        host: "*.example.org",
        path: { type: "PathPrefix", value: "/hub/" },
        action: { backend: { name: "none", endpoints: [] } },
      },
      {
        host: "old.example.org",
        path: { type: "PathPrefix", value: "/" },
        action: { redirect: { code: 301, scheme: "https", host: "a.example.org", port: 8443 } },
      },
      { path: { type: "PathPrefix", value: "/lost" }, action: { status: 500 } },
    ];
    assert.equal(
      body(plan(listener({ rules, certificates: [{ file: "edge_tls.pem", pem: "PEM\n" }] }))),
      httpsListener,
    );
  });

  it("keeps host and scheme of a redirect that names none", () => {
    const action = { redirect: { code: 302 } };
    const rules: PlannedRule[] = [{ path: { type: "PathPrefix", value: "/" }, action }];
    const text = body(plan(listener({ id: "edge_gate_http", kind: "http", port: 80, rules })));
    assert.match(text, /^ {2}use_backend edge_gate_http-0$/m);
    assert.match(text, /^ {2}bind 10\.0\.0\.3:80$/m);
    assert.match(text, /location http:\/\/%\[var\(txn\.host\)\]%\[pathq\]$/m);
    assert.match(text, /X-Forwarded-Proto http$/m);
  });

  it("writes a listener of TCP, and none where no route leads on", () => {
    const tcp = listener({ id: "edge_gate_ssh", kind: "tcp", port: 2222, backend });
    assert.equal(
      body(plan(tcp)),
      `frontend edge_gate_ssh
  mode tcp
  bind 10.0.0.3:2222
  timeout client 24h
  option clitcpka
  default_backend edge_gate_ssh-0

backend edge_gate_ssh-0
  mode tcp
  timeout server 24h
  option srvtcpka
  server 10.1.0.5:8000 10.1.0.5:8000 source 10.0.0.3
  server 10.1.0.6:8000 10.1.0.6:8000 source 10.0.0.3

`,
    );
    assert.equal(body(plan(listener({ kind: "tcp" }))), "");
  });

  it("lists certificates by listener, each file once", () => {
    const certificates = [
      { file: "a.pem", pem: "A\n" },
      { file: "b.pem", pem: "B\n" },
    ];
    const { files } = rendered(
      plan(listener({ certificates }), listener({ id: "second", port: 9443, certificates: certificates.slice(1) })),
    );
    assert.deepEqual(
      [...files],
      [
        ["a.pem", "A\n"],
        ["b.pem", "B\n"],
        ["edge_gate_https.list", "/state/gateway/a.pem\n/state/gateway/b.pem\n"],
        ["second.list", "/state/gateway/b.pem\n"],
      ],
    );
  });

  it("has another revision for another certificate, and for another endpoint", () => {
    const certificates = [{ file: "a.pem", pem: "A\n" }];
    const rules: PlannedRule[] = [{ path: { type: "PathPrefix", value: "/" }, action: { backend } }];
    const fewer = { ...backend, endpoints: backend.endpoints.slice(1) };
    const plans = [
      plan(listener({ certificates, rules })),
      plan(listener({ certificates: [{ file: "a.pem", pem: "B\n" }], rules })),
      plan(
        listener({ certificates, rules: [{ path: { type: "PathPrefix", value: "/" }, action: { backend: fewer } }] }),
      ),
    ];
    assert.equal(new Set(plans.map((each) => rendered(each).revision)).size, 3);
    assert.equal(rendered(plans[0] as Plan).revision, rendered(structuredClone(plans[0]) as Plan).revision);
  });
});

describe("what is rendered", () => {
  const folder = mkdtempSync(join(tmpdir(), "carrel-haproxy-"));
  after(() => rmSync(folder, { recursive: true }));

  it("is what HAProxy takes, whatever a path has in it", async function () {
    if (!existsSync("/usr/sbin/haproxy")) this.skip();
    const path = fc.stringMatching(/^\/[-A-Za-z0-9._~!$&'()*+,;=:@%]{1,20}$/);
    const check = async (value: string): Promise<void> => {
      const rules: PlannedRule[] = [
        { path: { type: "PathPrefix", value }, action: { backend } },
        { host: "a.example.org", path: { type: "Exact", value }, action: { redirect: { code: 301, scheme: "https" } } },
      ];
      const given = {
        address: "127.0.0.1",
        listeners: [listener({ kind: "http", rules }), listener({ id: "t", kind: "tcp", port: 1, backend })],
      };
      const file = join(folder, "haproxy.cfg");
      writeFileSync(file, render(given, { folder }).config);
      await promisify(execFile)("/usr/sbin/haproxy", ["-c", "-q", "-f", file]);
    };
    await check("/it's#\\ \"{}");
    await fc.assert(fc.asyncProperty(path, check), { numRuns: 15 });
  });
});
