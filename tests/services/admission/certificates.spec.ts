import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Certificates, type KeyPair, type TlsFiles } from "../../../services/admission/certificates.ts";
import { createLogger } from "../../../services/lib/log.ts";
import { Authority } from "./authority.ts";
import { selfSigned } from "./key-pair.ts";

const first = new Date("2027-01-01T00:00:00Z");
const second = new Date("2028-01-01T00:00:00Z");

describe("Certificates", () => {
  let dir: string;
  let pairs: readonly [KeyPair, KeyPair];
  const place = ({ cert, key }: KeyPair): void => {
    writeFileSync(join(dir, "tls.crt"), cert);
    writeFileSync(join(dir, "tls.key"), key);
  };

  before(async () => {
    pairs = [await selfSigned("one", first), await selfSigned("two", second)];
  });
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "carrel-tls-"));
    place(pairs[0]);
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  /** Lets the watch look once after each step; answers what was applied and what was logged. */
  async function watch(
    certificates: Certificates,
    steps: readonly (() => void)[],
    refuse = false,
  ): Promise<{ applied: TlsFiles[]; events: string[]; waits: number[] }> {
    const stop = new AbortController();
    const [applied, events, waits]: [TlsFiles[], string[], number[]] = [[], [], []];
    const clock = {
      now: () => 0,
      monotonicMs: () => 0,
      sleep: async (ms: number) => {
        const step = steps[waits.length];
        waits.push(ms);
        step?.();
        if (waits.length >= steps.length) stop.abort();
      },
    };
    const log = createLogger({ now: () => 0, write: (line) => events.push(JSON.parse(line).event) });
    const apply = (pair: TlsFiles): void => {
      if (refuse) throw new Error("key values mismatch");
      applied.push(pair);
    };
    await certificates.watch(apply, clock, log, stop.signal);
    return { applied, events, waits };
  }

  it("reads the files and tells when the certificate ends", () => {
    const certificates = new Certificates(dir);
    assert.deepEqual(certificates.current, pairs[0]);
    assert.equal(certificates.expiresAt, first.getTime() / 1000);
  });

  it("does not start without the files", () => {
    assert.throws(() => new Certificates(join(dir, "none")), { code: "ENOENT" });
  });

  it("applies changed files once, looking every 10 s", async () => {
    const certificates = new Certificates(dir);
    const nothing = (): void => {};
    const { applied, events, waits } = await watch(certificates, [nothing, () => place(pairs[1]), nothing]);
    assert.deepEqual(applied, [pairs[1]]);
    assert.deepEqual([events, waits], [["certificate-reloaded"], [10_000, 10_000, 10_000]]);
    assert.deepEqual([certificates.current, certificates.expiresAt], [pairs[1], second.getTime() / 1000]);
  });

  it("goes on with the old files while the new ones are incomplete, and takes them when they are there", async () => {
    const certificates = new Certificates(dir);
    const { applied, events } = await watch(certificates, [() => rmSync(join(dir, "tls.key")), () => place(pairs[1])]);
    assert.deepEqual(events, ["certificate-unreadable", "certificate-reloaded"]);
    assert.deepEqual(applied, [pairs[1]]);
  });

  it("tries again what could not be applied", async () => {
    const certificates = new Certificates(dir);
    const { events } = await watch(certificates, [() => place(pairs[1]), () => {}], true);
    assert.deepEqual(events, ["certificate-unreadable", "certificate-unreadable"]);
    assert.deepEqual(certificates.current, pairs[0]);
  });

  describe("with authorities of clients", () => {
    let ours: Authority;
    let next: Authority;
    const file = (): string => join(dir, "ca.crt");

    before(async () => {
      [ours, next] = await Promise.all([Authority.create("ours", 30), Authority.create("next", 60)]);
    });
    beforeEach(() => writeFileSync(file(), ours.pem));

    it("reads them too, and tells when the first of them ends", () => {
      const one = new Certificates(dir, file());
      assert.deepEqual(one.current, { ...pairs[0], clientCa: ours.pem });
      writeFileSync(file(), `# the new one\n${next.pem}${ours.pem}\n`);
      const both = new Certificates(dir, file());
      assert.deepEqual(both.current, { ...pairs[0], clientCa: `${next.pem}\n${ours.pem}` });
      assert.ok(both.clientCaExpiresAt !== undefined && both.clientCaExpiresAt === one.clientCaExpiresAt);
      assert.equal(new Certificates(dir).clientCaExpiresAt, undefined);
    });

    it("does not start without one: TLS would trust the public authorities", () => {
      for (const text of ["", "\n", pairs[0].key]) {
        writeFileSync(file(), text);
        assert.throws(() => new Certificates(dir, file()), { message: `${file()} holds no certificate in PEM` });
      }
      writeFileSync(file(), "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n");
      assert.throws(() => new Certificates(dir, file()));
      assert.throws(() => new Certificates(dir, join(dir, "none")), { code: "ENOENT" });
    });

    it("applies changed ones, and keeps the old ones while the file holds none", async () => {
      const certificates = new Certificates(dir, file());
      const empty = (): void => writeFileSync(file(), "");
      const change = (): void => writeFileSync(file(), next.pem);
      const { applied, events } = await watch(certificates, [empty, change, () => {}]);
      assert.deepEqual(events, ["certificate-unreadable", "certificate-reloaded"]);
      assert.deepEqual(applied, [{ ...pairs[0], clientCa: next.pem }]);
    });
  });
});
