import assert from "node:assert/strict";
import { missingPackages, needs } from "../../lab/cluster/packages.ts";

describe("missingPackages", () => {
  const all = [
    ...["containerd", "runc", "containernetworking-plugins", "iptables", "nftables", "conntrack"],
    ...["docker-registry", "tini", "iproute2", "haproxy"],
  ];

  it("names the Debian package of every program that is not there", () => {
    assert.deepEqual(
      missingPackages(() => false),
      all,
    );
    assert.deepEqual(
      missingPackages(() => true),
      [],
    );
    assert.deepEqual(
      missingPackages((file) => file !== "/usr/bin/tini"),
      ["tini"],
    );
  });

  it("takes a program of /usr/sbin in /usr/bin too", () => {
    assert.deepEqual(
      missingPackages((file) => !file.startsWith("/usr/sbin/")),
      [],
    );
    assert.deepEqual(
      missingPackages((file) => file.startsWith("/usr/sbin/")),
      [...["containerd", "containernetworking-plugins", "docker-registry", "tini"]],
    );
  });

  it("looks where Debian puts them", () => {
    assert.deepEqual(
      needs.map(({ file }) => file),
      [
        ...["/usr/bin/containerd", "/usr/sbin/runc", "/usr/lib/cni/bridge", "/usr/sbin/iptables", "/usr/sbin/nft"],
        ...["/usr/sbin/conntrack", "/usr/bin/docker-registry", "/usr/bin/tini", "/usr/sbin/ip", "/usr/sbin/haproxy"],
      ],
    );
  });
});
