import assert from "node:assert/strict";
import { problemsOf, productionWith } from "./configurations.ts";

describe("a secret in a problem", () => {
  it("is masked in a key that can hold one", () => {
    assert.deepEqual(problemsOf(productionWith({ cluster: { kubeconfig: ["token: hush"] } })), [
      "carrel:cluster.kubeconfig: must be text, got [secret]; give the path or the text of a kubeconfig, or unset the key to use the one that kubectl uses",
    ]);
  });

  it("is masked in an object that cannot be read", () => {
    assert.deepEqual(problemsOf(productionWith({ cluster: '{"kubeconfig": "token: hush"' })), [
      "carrel:cluster: must be valid JSON, got [secret]; set its keys one by one, as with `pulumi config set --path carrel:cluster.kubeconfig /path/to/kubeconfig`",
    ]);
  });

  it("is masked in the prefixes of a mirror, whose remedies repeat them", () => {
    const rules = [{ from: "hush", to: "hush.example.org/" }];
    assert.deepEqual(problemsOf(productionWith({ imageMirror: { rules, exempt: ["hush:"] } }), ["imageMirror"]), [
      "carrel:imageMirror.rules[0].from: must begin with a registry, got [secret]; write from: and to: without scheme, tag and wildcard, as in docker.io and mirror.example.org/hub",
      "carrel:imageMirror.rules[0].to: must not end in a slash, got [secret]; write from: and to: without scheme, tag and wildcard, as in docker.io and mirror.example.org/hub",
      "carrel:imageMirror.exempt[0]: must begin with host, host:port or [IPv6]:port, got [secret]; write a registry, or a registry and a repository, as in registry.example.org/team",
    ]);
  });

  it("is masked, in the remedy too, in whatever the stack stores encrypted", () => {
    const config = productionWith({
      host: "Hush.example.org",
      lab: "hush",
      images: { base: "hush.example.org/node:24" },
      network: { controlPlaneCidrs: ["10.6.6.6/8"] },
    });
    assert.deepEqual(problemsOf(config, ["host", "lab", "images", "network"]), [
      "carrel:host: must be in lower case, got [secret]; name the one host that users open, as in notebooks.example.org",
      "carrel:lab: must name a lab that is running, got [secret]; start it with `make up`",
      "carrel:images.base: must name the image by digest, because a tag can move, got [secret]; write the registry's host out and append the digest, as in docker.io/library/node:24-slim@sha256:...",
      "carrel:network.controlPlaneCidrs[0]: must have no bits set behind the prefix, got [secret]; name the addresses of the control plane, as in 192.0.2.10/32 or 2001:db8::/64",
    ]);
  });
});
