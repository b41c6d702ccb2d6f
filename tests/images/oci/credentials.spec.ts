import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentialsFor } from "../../../images/oci/credentials.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("credentialsFor", () => {
  const folder = mkdtempSync(join(tmpdir(), "carrel-docker-"));
  const env = { DOCKER_CONFIG: folder, PATH: `${folder}:/usr/bin:/bin`, HOME: folder };
  beforeEach(() => {
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
  });
  after(() => rmSync(folder, { recursive: true }));

  const config = (value: unknown): void => writeFileSync(join(folder, "config.json"), JSON.stringify(value));
  const helper = (name: string, script: string): void =>
    writeFileSync(join(folder, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const answering = (username: string): string =>
    `[ "$1" = get ] || exit 2\nread -r host || [ -n "$host" ]\nprintf '{"Username":"${username}","Secret":"for %s"}' "$host"`;

  it("knows nothing without a configuration", async () => {
    assert.equal(await credentialsFor("r.io", env), undefined);
    config({});
    assert.equal(await credentialsFor("r.io", env), undefined);
  });

  it("reads auths, by host or by URL, with colons in the password", async () => {
    config({
      auths: {
        "r.io": { auth: base64("me:pass:word") },
        "https://url.io": { auth: base64("you:é") },
        "empty.io": {},
      },
    });
    assert.deepEqual(await credentialsFor("r.io", env), { username: "me", password: "pass:word" });
    assert.deepEqual(await credentialsFor("url.io", env), { username: "you", password: "é" });
    assert.equal(await credentialsFor("empty.io", env), undefined);
    assert.equal(await credentialsFor("other.io", env), undefined);
  });

  it("asks the helper of the registry, then the store of all", async () => {
    helper("one", answering("one"));
    helper("all", answering("all"));
    config({ credHelpers: { "r.io": "one" }, credsStore: "all", auths: { "r.io": { auth: base64("file:x") } } });
    assert.deepEqual(await credentialsFor("r.io", env), { username: "one", password: "for r.io" });
    assert.deepEqual(await credentialsFor("other.io:5000", env), { username: "all", password: "for other.io:5000" });
  });

  it("falls back to auths when a helper does not know, says nonsense, does not read, or is missing", async () => {
    helper("unknowing", "cat >/dev/null; echo credentials not found; exit 1");
    helper("nonsense", "cat >/dev/null; echo hello");
    helper("deaf", "exec <&-; exit 1");
    for (const name of ["unknowing", "nonsense", "deaf", "missing"]) {
      config({ credsStore: name, auths: { "r.io": { auth: base64("file:x") } } });
      assert.deepEqual(await credentialsFor("r.io", env), { username: "file", password: "x" }, name);
      assert.equal(await credentialsFor("other.io", env), undefined, name);
    }
  });

  it("does not take a broken configuration for none", async () => {
    writeFileSync(join(folder, "config.json"), "{");
    await assert.rejects(credentialsFor("r.io", env), { name: "SyntaxError" });
  });
});
