import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binariesDir, binariesKey, ensureBinaries, programs, versions } from "../../lab/cluster/binaries.ts";
import { Scratch } from "./environment.ts";

const goDir = join(import.meta.dirname, "../../lab/cluster/go");
const [major, minor] = versions.kubernetes.split(".");
const stamp = "-X k8s.io/component-base/version.git";
const ldflags = `-s -w ${stamp}Version=v${versions.kubernetes} ${stamp}Major=${major} ${stamp}Minor=${minor}`;
const flags = ["-trimpath", "-p", "2", "-ldflags", ldflags];

const keyOf = (parts: readonly string[]): string =>
  createHash("sha256")
    .update(parts.map((part) => `${part}\0`).join(""))
    .digest("hex")
    .slice(0, 16);

describe("binariesKey", () => {
  it("depends on Go, the versions, the programs, the flags and the inputs, each told apart", () => {
    const fixed = ["go1.26 linux", JSON.stringify(versions), JSON.stringify(programs), ...flags];
    assert.equal(binariesKey("go1.26 linux", ["a", "b"]), keyOf([...fixed, "a", "b"]));
    const keys = [
      binariesKey("go1.26 linux", ["a", "b"]),
      binariesKey("go1.27 linux", ["a", "b"]),
      binariesKey("go1.26 linux", ["ab"]),
      binariesKey("go1.26 linux", ["b", "a"]),
      binariesKey("go1.26 linux", []),
      binariesKey("go1.26 linux"),
    ];
    assert.equal(new Set(keys).size, keys.length);
  });

  it("takes the module files of every program as its inputs", () => {
    const files = [
      ...["kubernetes/go.mod", "kubernetes/go.sum", "etcd/go.mod", "etcd/go.sum", "etcd/main.go"],
      ...["pause/go.mod", "pause/main.go"],
    ];
    const inputs = files.map((file) => readFileSync(join(goDir, file), "utf8"));
    assert.equal(binariesKey("go"), binariesKey("go", inputs));
  });
});

describe("ensureBinaries", function () {
  this.timeout(60_000);
  let scratch: Scratch;
  beforeEach(() => {
    scratch = new Scratch();
    scratch.ownLabs();
    scratch.usePrograms();
  });
  afterEach(() => scratch.restore());

  const names = programs.map(({ name }) => name);
  const folder = (): string => binariesDir(binariesKey("go1.26.0 linux amd64"));
  /** A Go that writes its environment and folder into what it builds; `fails` names what it cannot build. */
  const go = (fails = "nothing"): void =>
    scratch.program(
      "go",
      `case "$1" in
env) printf 'go1.26.0\\nlinux\\namd64\\n'; exit;;
install) out="$GOBIN/coredns"; mkdir -p "$GOBIN";;
*) shift; while [ "$1" != -o ]; do shift; done; out="$2";;
esac
case "$out" in *${fails}) echo "cannot build" >&2; exit 1;; esac
printf '%s %s %s %s' "$PWD" "$CGO_ENABLED" "$GOFLAGS" "\${GOBIN:+installed}" >"$out"`,
    );

  it("builds every program and then takes them from the cache", async () => {
    go();
    const notes: string[] = [];
    assert.equal(await ensureBinaries((text) => void notes.push(text)), folder());
    assert.deepEqual(
      notes,
      names.map((name, i) => `${name} (${i + 1} of ${names.length})`),
    );
    const calls = scratch.calls();
    assert.equal(calls[0], "go env GOVERSION GOOS GOARCH");
    assert.deepEqual(
      calls.slice(1),
      programs.map(({ name, module, target }) =>
        module === undefined
          ? `go install ${flags.join(" ")} ${target}`
          : `go build ${flags.join(" ")} -o ${folder()}/.new-${name} ${target}`,
      ),
    );
    assert.equal(readFileSync(join(folder(), "etcd"), "utf8"), `${join(goDir, "etcd")} 0 -buildvcs=false `);
    assert.equal(readFileSync(join(folder(), "coredns"), "utf8").endsWith("0 -buildvcs=false installed"), true);
    assert.deepEqual(JSON.parse(readFileSync(join(folder(), "versions.json"), "utf8")), versions);
    await ensureBinaries(() => assert.fail("it built again"));
    assert.equal(scratch.calls().length, names.length + 2);
  });

  it("goes on where it was interrupted, with nothing half built", async () => {
    go("etcd");
    await assert.rejects(
      ensureBinaries(() => {}),
      {
        message: "building etcd failed",
        log: join(folder(), "build.log"),
        remedy: "see the log; a second `make up` goes on where this one stopped",
      },
    );
    assert.equal(existsSync(join(folder(), "etcd")), false);
    assert.equal(existsSync(join(folder(), ".lock")), false);
    go();
    const notes: string[] = [];
    await ensureBinaries((text) => void notes.push(text));
    assert.deepEqual(notes, ["etcd (7 of 9)", "pause (8 of 9)", "coredns (9 of 9)"]);
    assert.deepEqual(
      readdirSync(folder())
        .filter((file) => !file.startsWith("."))
        .sort(),
      [...names, "build.log", "versions.json"].sort(),
    );
  });

  it("says that Go is needed", async () => {
    scratch.usePrograms(true);
    await assert.rejects(
      ensureBinaries(() => {}),
      {
        message: "the built lab needs Go",
        remedy:
          "install Go 1.26 or later and put `go` on PATH, or install kind with a container engine, or set LAB_KUBECONFIG",
      },
    );
  });

  it("does not build what is there already", async () => {
    go();
    mkdirSync(folder(), { recursive: true });
    for (const name of names) writeFileSync(join(folder(), name), "");
    assert.equal(await ensureBinaries(() => assert.fail("it built")), folder());
    assert.deepEqual(scratch.calls(), ["go env GOVERSION GOOS GOARCH"]);
  });
});
