import assert from "node:assert/strict";
import {
  checkContainerName,
  checkHost,
  checkPinnedImage,
  checkPrefix,
  checkRegistry,
  checkRepository,
  checkServiceAccount,
  checkWholeNumber,
  isPrivateRegistry,
} from "../../config/checks.ts";
import { nodeImage } from "./configurations.ts";

const accepted = (check: (text: string) => unknown, texts: readonly string[]): readonly string[] =>
  texts.filter((text) => check(text) === undefined);

describe("checks accept", () => {
  it("hosts of any number of labels, up to 253 characters", () => {
    const longest = [63, 63, 63, 61].map((length) => "a".repeat(length)).join(".");
    const hosts = ["localhost", "carrel.localhost", "xn--bcher-kva.example", "1a.2b.c3", "a-b.example.org", longest];
    assert.deepEqual(accepted(checkHost, hosts), hosts);
  });

  it("prefixes of up to 40 characters, also those that only look like Kubernetes' own", () => {
    const prefixes = ["c", "kubelab", "team-7", "c".repeat(40)];
    assert.deepEqual(accepted(checkPrefix, prefixes), prefixes);
  });

  it("registries by name or address, with and without a port", () => {
    const registries = ["ghcr.io", "localhost:5001", "192.0.2.1:65535", "[2001:db8::1]", "[::1]:5000", "registry:1"];
    assert.deepEqual(accepted(checkRegistry, registries), registries);
    assert.deepEqual(accepted(checkRegistry, ["2001:db8::1", "registry:", "registry:0", "[1.2.3.4]", ":5000", ""]), []);
  });

  it("pinned images with and without a tag", () => {
    const images = [nodeImage, nodeImage.replace(":24", ""), nodeImage.replace("example.org", "example.org:5000")];
    assert.deepEqual(accepted(checkPinnedImage, images), images);
    assert.deepEqual(accepted(checkPinnedImage, [nodeImage.replace("node", "Node"), nodeImage.replace("/", ":/")]), []);
  });

  it("repository paths of up to 128 characters", () => {
    const paths = ["carrel", "a/b_c/d__e/f-g.h", "r".repeat(128)];
    assert.deepEqual(accepted(checkRepository, paths), paths);
    assert.deepEqual(accepted(checkRepository, ["", "/a", "a/", "a//b", "a..b", "_a", "r".repeat(129)]), []);
  });

  it("service accounts with dots in their name, of up to 253 characters", () => {
    const longest = `a:${[63, 63, 63, 61].map((length) => "b".repeat(length)).join(".")}`;
    const accounts = ["velero:velero", "kube-system:a.b-c", longest];
    assert.deepEqual(accepted(checkServiceAccount, accounts), accounts);
    assert.deepEqual(
      accepted(checkServiceAccount, ["a.b:c", "a:b:c", "a:b_", "a:b.-", "a:", ":b", `${longest}b.b`]),
      [],
    );
  });

  it("names of containers of up to 63 characters", () => {
    const names = ["istio-proxy", "0", "c".repeat(63)];
    assert.deepEqual(accepted(checkContainerName, names), names);
    assert.deepEqual(accepted(checkContainerName, ["", "-a", "a-", "a.b", "a_b", "A", "c".repeat(64)]), []);
  });

  it("whole numbers from the first to the last", () => {
    const check = checkWholeNumber(2, 9);
    assert.deepEqual(
      [1, 2, 2.5, 9, 10, Number.NaN].filter((value) => check(value) === undefined),
      [2, 9],
    );
  });
});

describe("isPrivateRegistry", () => {
  it("knows addresses and names that no public registry has", () => {
    const registries = [
      ...["10.1.2.3", "127.0.0.1:5000", "172.31.255.255", "192.168.0.1:80", "100.64.0.1", "169.254.1.1"],
      ...["[::1]:5000", "[fd00::1]", "[fe80::1]:5000"],
      ...[
        "localhost:5001",
        "registry:5000",
        "lab.localhost",
        "nas.local",
        "a.internal",
        "a.home.arpa",
        "registry.kube.svc",
      ],
    ];
    assert.deepEqual(registries.filter(isPrivateRegistry), registries);
  });

  it("takes every other for public", () => {
    const registries = [
      ...["ghcr.io", "registry.example.org:5000", "local.example.org", "localhost.example.org", "mylocal.org"],
      ...["172.32.0.1", "11.0.0.1", "192.169.0.1:5000", "100.128.0.1", "[2001:db8::1]", "[fec0::1]", "not a host"],
    ];
    assert.deepEqual(registries.filter(isPrivateRegistry), []);
  });
});
