import assert from "node:assert/strict";
import { checkFolder, checkNfsServer, checkNodeCidr } from "../../config/storage-checks.ts";

const right = (check: (text: string) => unknown, ...values: string[]) =>
  assert.deepEqual(
    values.filter((value) => check(value) !== undefined),
    [],
  );

describe("checkNfsServer", () => {
  it("is a name or an address", () => {
    right(checkNfsServer, "files.example.org", "files", "192.0.2.1", "2001:db8::1");
  });

  it("is no export", () => {
    assert.deepEqual(checkNfsServer("files.example.org:/export/a"), {
      wrong: "must be a host without a path",
      fix: 'write "files.example.org", and "/export/a" as carrel:storage.nfsPath',
    });
    assert.deepEqual(checkNfsServer("nfs://files"), {
      wrong: "must be a host without a scheme",
      fix: 'leave out "nfs://"',
    });
  });
});

describe("checkFolder", () => {
  const plain = "must be an absolute path of letters, digits and . _ @ + - without a slash at its end";

  it("is an absolute path", () => {
    right(checkFolder, "/", "/export/carrel", "/var/snap/microk8s/common/var/lib/kubelet", "/a.b-c_d/@x+1");
  });

  it("is neither relative nor open to a second reading", () => {
    assert.deepEqual(checkFolder("export"), { wrong: "must be an absolute path", fix: 'write "/export"' });
    for (const path of ["/export/", "//export", "/a b", "/a/../b", "/a;b", "/$x"])
      assert.deepEqual(checkFolder(path), { wrong: plain }, path);
  });
});

describe("checkNodeCidr", () => {
  it("is a range that is not everybody", () => {
    right(checkNodeCidr, "192.0.2.0/28", "2001:db8::/64", "10.0.0.1/32");
    const everybody = { wrong: "must not be every address, because every pod could then read every home" };
    assert.deepEqual([checkNodeCidr("0.0.0.0/0"), checkNodeCidr("::/0")], [everybody, everybody]);
    assert.deepEqual(checkNodeCidr("192.0.2.1"), { wrong: "must be a range of IP addresses as ADDRESS/LENGTH" });
  });
});
