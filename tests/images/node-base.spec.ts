import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { buildNodeBase, currentPlatform, librariesOf, NODE_PATH, NONROOT } from "../../images/node-base.ts";
import { unpacked } from "./oci/unpacked.ts";

describe("librariesOf", () => {
  it("names the files, the loader included, each once", () => {
    const ldd = `\tlinux-vdso.so.1 (0x00007ffd5b5f2000)
\tlibdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007f1)
\tlibstdc++.so.6 => /usr/lib/x86_64-linux-gnu/libstdc++.so.6 (0x00007f2)
\tlibdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007f3)
\tlibmissing.so => not found
\t/lib64/ld-linux-x86-64.so.2 (0x00007f4)
`;
    assert.deepEqual(librariesOf(ldd), [
      "/lib/x86_64-linux-gnu/libdl.so.2",
      "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
      "/lib64/ld-linux-x86-64.so.2",
    ]);
  });

  it("names none for a static program", () => {
    assert.deepEqual(librariesOf("\tnot a dynamic executable\n"), []);
  });
});

describe("currentPlatform", () => {
  it("names the processor as OCI does", () => {
    assert.deepEqual(currentPlatform(), {
      architecture: process.arch === "x64" ? "amd64" : process.arch,
      os: "linux",
    });
  });
});

describe("buildNodeBase", () => {
  // Any small dynamic program stands in for Node: what is tested is what is packed around it.
  it("packs the program, its libraries and a user without privileges", async () => {
    const image = await buildNodeBase("/bin/true");
    const entries = await unpacked(image.layers[0]?.bytes ?? Buffer.alloc(0));
    const byName = new Map(entries.map((entry) => [`/${entry.name}`, entry]));
    const text = (path: string) => byName.get(path)?.content;
    assert.equal(
      text("/etc/passwd"),
      `root:x:0:0:root:/root:/none\nnonroot:x:65532:65532:nonroot:/home/nonroot:/none\n`,
    );
    assert.equal(text("/etc/group"), "root:x:0:\nnonroot:x:65532:\n");
    assert.equal(text("/etc/nsswitch.conf"), "hosts: files dns\n");
    const modes = (path: string) => [byName.get(path)?.type, byName.get(path)?.mode];
    assert.deepEqual(modes("/tmp/"), ["directory", 0o1777]);
    assert.deepEqual(modes("/home/nonroot/"), ["directory", 0o755]);
    assert.deepEqual(modes(NODE_PATH), ["file", 0o755]);
    assert.equal(text(NODE_PATH), readFileSync("/bin/true").toString("utf8"));
    const libraries = [...byName.keys()].filter((path) => /\.so(\.\d+)*$/.test(path));
    assert.ok(
      libraries.some((path) => /\/libc\.so\.\d+$/.test(path)) && libraries.some((path) => path.includes("ld-")),
    );
    assert.deepEqual(new Set(libraries.map((path) => byName.get(path)?.mode)), new Set([0o755]));
    const bundle = "/etc/ssl/certs/ca-certificates.crt";
    assert.equal(byName.has(bundle), existsSync(bundle));
  });

  it("runs Node as that user", async () => {
    const image = await buildNodeBase("/bin/true");
    assert.deepEqual(JSON.parse(image.config.bytes.toString("utf8")), {
      ...currentPlatform(),
      config: {
        User: `${NONROOT}:${NONROOT}`,
        Env: ["PATH=/nodejs/bin:/usr/bin:/bin"],
        Entrypoint: ["/nodejs/bin/node"],
        WorkingDir: "/home/nonroot",
      },
      rootfs: { type: "layers", diff_ids: [image.layers[0]?.digest] },
    });
  });
});
