import assert from "node:assert/strict";
import type { TLSSocket } from "node:tls";
import type { KeyPair } from "../../../../services/admission/certificates.ts";
import { secureContext } from "../../../../services/admission/server.ts";
import { Authority } from "../authority.ts";
import { Caller, listening, reviewOf } from "../https-server.ts";
import { selfSigned } from "../key-pair.ts";

const REMEDY = "give the API server a certificate for webhooks by its AdmissionConfiguration\n";

describe("the API server's client certificate", () => {
  let pair: KeyPair;
  let ours: Authority;
  let others: Authority;
  let caller: Caller;
  const start = async (names: readonly string[] = [], clientCa = ours.pem): Promise<void> => {
    caller = new Caller({ ...pair, clientCa }, pair.cert, {}, { clientNames: new Set(names) });
    await listening(caller.server);
  };
  /** Each call by a connection of its own. */
  const call = async (client: KeyPair | object = {}, path = "/quota"): Promise<[number, string]> => {
    const { code, body } = await caller.send(path, reviewOf(), { agent: false, ...client });
    return [code, code === 200 ? "" : body];
  };

  before(async () => {
    pair = await selfSigned("localhost", new Date(Date.now() + 86_400_000));
    [ours, others] = await Promise.all([Authority.create("ours"), Authority.create("others")]);
  });
  afterEach(() => caller.close());

  it("is enough to call when our authority has signed it", async () => {
    await start();
    assert.deepEqual(await call(await ours.sign("CN=kube-apiserver")), [200, ""]);
    assert.deepEqual(await call(await ours.sign("O=system:masters", { usage: undefined })), [200, ""]);
  });

  it("has to be shown, for every path, and the answer says so and ends the connection", async () => {
    await start();
    for (const path of ["/quota", "/mutate", "/none"]) {
      assert.deepEqual(await call({}, path), [403, `the caller has shown no client certificate: ${REMEDY}`]);
    }
    const { headers } = await caller.send("/quota");
    assert.equal(headers["connection"], "close");
    assert.equal(caller.metrics.requests.render().split("\n").length, 3);
  });

  const flawed: readonly (readonly [what: string, code: string, sign: () => Promise<KeyPair>])[] = [
    ["another authority's", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", () => others.sign("CN=kube-apiserver")],
    ["its own", "DEPTH_ZERO_SELF_SIGNED_CERT", () => selfSigned("kube-apiserver", new Date(Date.now() + 86_400_000))],
    ["one that has ended", "CERT_HAS_EXPIRED", () => ours.sign("CN=kube-apiserver", { days: -1 })],
    ["a server's", "INVALID_PURPOSE", () => ours.sign("CN=kube-apiserver", { usage: "serverAuth" })],
  ];
  for (const [what, code, sign] of flawed) {
    it(`must not be ${what}`, async () => {
      await start();
      const message = `the caller's client certificate is not accepted (${code}): ${REMEDY}`;
      assert.deepEqual(await call(await sign()), [403, message]);
    });
  }

  it("has to be for one of the names, where there are names", async () => {
    await start(["kube-apiserver", "second"]);
    assert.deepEqual(await call(await ours.sign("CN=second")), [200, ""]);
    const refused = (name: string): string =>
      `the caller's client certificate is for ${name}, and not for one of kube-apiserver, second: ${REMEDY}`;
    assert.deepEqual(await call(await ours.sign("CN=kubelet")), [403, refused('"kubelet"')]);
    assert.deepEqual(await call(await ours.sign("CN=SECOND")), [403, refused('"SECOND"')]);
    assert.deepEqual(await call(await ours.sign("O=second")), [403, refused("null")]);
    assert.deepEqual(await call(await ours.sign("CN=second, CN=x")), [403, refused('["second","x"]')]);
    const foreign = `the caller's client certificate is not accepted (UNABLE_TO_VERIFY_LEAF_SIGNATURE): ${REMEDY}`;
    assert.deepEqual(await call(await others.sign("CN=second")), [403, foreign]);
  });

  it("may be of an old and of a new authority while both are there, and of the new one alone afterwards", async () => {
    await start([], `${ours.pem}\n${others.pem}`);
    const [old, next] = [await ours.sign("CN=a"), await others.sign("CN=a")];
    assert.deepEqual(
      [await call(old), await call(next)],
      [
        [200, ""],
        [200, ""],
      ],
    );
    caller.server.setSecureContext(secureContext({ ...pair, clientCa: others.pem }));
    assert.deepEqual(await call(next), [200, ""]);
    const [code, message] = await call(old);
    assert.deepEqual([code, message.includes("UNABLE_TO_VERIFY_LEAF_SIGNATURE")], [403, true]);
  });

  it("is looked at anew in each connection: no session can be resumed", async () => {
    await start();
    const client = await ours.sign("CN=a");
    const sessions: Buffer[] = [];
    const first: TLSSocket = await caller.connect(client);
    first.on("session", (session: Buffer) => sessions.push(session));
    first.write("GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    for await (const _ of first);
    const second = await caller.connect({ ...client, ...(sessions[0] ? { session: sessions[0] } : {}) });
    assert.equal(second.isSessionReused(), false);
    second.destroy();
  });

  it("is not asked for without an authority", async () => {
    caller = new Caller(pair, pair.cert, {}, { clientNames: new Set(["a"]) });
    await listening(caller.server);
    assert.deepEqual(await call(), [200, ""]);
    assert.deepEqual(await call(await others.sign("CN=b")), [200, ""]);
  });
});
