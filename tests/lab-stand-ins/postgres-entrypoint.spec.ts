import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const script = join(import.meta.dirname, "../../lab/stand-ins/postgres-entrypoint.sh");

/** PostgreSQL's programs as scripts that write down how they were called; the real ones are in tests/lab. */
describe("the entrypoint of the PostgreSQL stand-in", () => {
  let folder: string;
  let data: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "carrel-postgres-"));
    data = join(folder, "data");
    mkdirSync(join(folder, "bin"));
    const record = `for a in "$@"; do case "$a" in --pwfile=*) a="--pwfile:$(cat "\${a#--pwfile=}")";; esac; printf ' %s' "$a"; done`;
    for (const name of ["initdb", "pg_ctl", "psql", "postgres"]) {
      const more = name === "initdb" ? 'touch "$PGDATA/pg_hba.conf"; echo 17 >"$PGDATA/PG_VERSION"' : "";
      const input = name === "psql" ? "; cat" : "; echo";
      writeFileSync(
        join(folder, "bin", name),
        `#!/bin/bash\n{ printf ${name}; ${record}${input}; } >>"${folder}/calls"\n${more}\n`,
      );
      chmodSync(join(folder, "bin", name), 0o755);
    }
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const start = (env: Record<string, string>, ...args: string[]) =>
    spawnSync("bash", [script, ...args], {
      env: { PATH: `${folder}/bin:/usr/bin:/bin`, PGDATA: data, ...env },
      encoding: "utf8",
    });
  const calls = (): string =>
    existsSync(join(folder, "calls")) ? readFileSync(join(folder, "calls"), "utf8").replaceAll(data, "DATA") : "";

  it("makes user, password and database on a new folder, out of reach of others, then starts", () => {
    const file = join(folder, "password");
    writeFileSync(file, "s3cret");
    const { status, stderr } = start(
      { POSTGRES_USER: "owner", POSTGRES_DB: "app-db", POSTGRES_PASSWORD_FILE: file },
      "-c",
      "max_connections=50",
    );
    assert.deepEqual([status, stderr], [0, ""]);
    assert.equal(
      calls(),
      [
        "initdb --pgdata=DATA --username=owner --pwfile:s3cret --auth-host=scram-sha-256 --auth-local=trust",
        "pg_ctl --pgdata=DATA --wait --options=-c listen_addresses='' start",
        'psql --username=owner --dbname=postgres --set=ON_ERROR_STOP=1 --set=name=app-db --no-psqlrc --quietCREATE DATABASE :"name";',
        "pg_ctl --pgdata=DATA --wait --mode=fast stop",
        "postgres -c max_connections=50",
        "",
      ].join("\n"),
    );
    assert.equal(readFileSync(join(data, "pg_hba.conf"), "utf8"), "\nhost all all all scram-sha-256\n");
    assert.equal(execFileSync("stat", ["-c", "%a", data], { encoding: "utf8" }), "700\n");
  });

  it("only starts on a folder that has data", () => {
    mkdirSync(data);
    writeFileSync(join(data, "PG_VERSION"), "17\n");
    assert.equal(start({}, "postgres").status, 0);
    assert.equal(calls(), "postgres\n");
  });

  it("refuses a new database without a password, or with two", () => {
    const none = start({}, "postgres");
    assert.deepEqual(
      [none.status, none.stderr],
      [1, "POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE must be set: a new database has no default password\n"],
    );
    const both = start({ POSTGRES_PASSWORD: "a", POSTGRES_PASSWORD_FILE: "b" }, "postgres");
    assert.deepEqual(
      [both.status, both.stderr],
      [1, "POSTGRES_PASSWORD and POSTGRES_PASSWORD_FILE are both set: set one of them\n"],
    );
    assert.equal(calls(), "");
  });

  it("runs any other program as it is", () => {
    assert.equal(start({}, "psql", "--version").status, 0);
    assert.equal(calls(), "psql --version");
  });
});
