import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { authorityFile, entranceOf } from "../../lab/platform/entrance.ts";
import { systemClock } from "../../services/lib/clock.ts";
import { Scratch } from "../lab-cluster/environment.ts";

describe("entranceOf", () => {
  let scratch: Scratch;
  beforeEach(() => {
    scratch = new Scratch();
    scratch.ownLabs();
    scratch.write("state/labs/spec/index", "1");
  });
  afterEach(() => scratch.restore());

  const names = {
    urls: { api: "https://api.h/graphql", hub: "https://h" },
    ssh: { host: "h", port: 2222 },
    programmed: true,
  };

  it("joins names and outputs, and leaves the authority's certificate for everybody to read", async () => {
    const umask = process.umask(0o077);
    try {
      const found = await entranceOf("spec", names, { authorityCertificate: "PEM\n", sshFingerprint: "SHA256:abc" });
      assert.deepEqual(found, {
        hub: "https://h",
        authorityFile: authorityFile("spec"),
        ssh: { host: "h", port: 2222, fingerprint: "SHA256:abc" },
      });
    } finally {
      process.umask(umask);
    }
    assert.equal(readFileSync(authorityFile("spec"), "utf8"), "PEM\n");
    assert.equal(statSync(authorityFile("spec")).mode & 0o777, 0o644);
  });

  it("asks about the first administrator's link where there is one", async () => {
    const link = "https://nobody.localhost:1/welcome/first?token=t";
    const none = { urls: {}, programmed: undefined };
    const found = await entranceOf("spec", none, { firstAdminLink: link }, { clock: systemClock, patienceMs: 0 });
    assert.deepEqual(found, {
      firstAdmin: { link, state: { unknown: "https://nobody.localhost:1: connect ECONNREFUSED 127.0.0.1:1" } },
    });
  });

  it("names nothing that there is not", async () => {
    assert.deepEqual(await entranceOf("spec", { urls: {}, ssh: names.ssh, programmed: false }, {}), {});
  });
});
