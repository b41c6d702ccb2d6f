import assert from "node:assert/strict";
import { loadSettings } from "../../config/settings.ts";
import { findLab, problemsOf, productionWith, rawOf, type Sections } from "./configurations.ts";
import { wrongConfigurations } from "./wrong-configurations.ts";
import { wrongExposures } from "./wrong-exposures.ts";
import { wrongMirrors } from "./wrong-mirrors.ts";
import { wrongParts } from "./wrong-parts.ts";
import { wrongServices } from "./wrong-services.ts";

describe("loadSettings refuses", () => {
  for (const [name, change, problem] of [
    ...wrongConfigurations,
    ...wrongExposures,
    ...wrongParts,
    ...wrongMirrors,
    ...wrongServices,
  ]) {
    it(name, () => assert.deepEqual(problemsOf(productionWith(change)), [problem]));
  }
});

describe("the problems of a configuration", () => {
  it("come all at once, in the order of the schema, unknown keys after the known ones beside them", () => {
    const config: Sections = {
      telemetry: "on",
      certificates: { renewalDays: 400, validityDays: 365, rotation: "auto" },
      admission: { logLevel: "loud", replicas: 1 },
      network: { controlPlaneCidrs: ["10.0.0.1/8", "10.0.0.0/8", "::/0"] },
      images: { mirror: "a.example.org", plainHttp: true, registry: "ghcr.io" },
      cluster: "[]",
      host: "https://a.example.org",
    };
    assert.deepEqual(problemsOf(config), [
      'carrel:host: must be a host name without a scheme, got "https://a.example.org"; leave out "https://"',
      "carrel:cluster: must be an object, got [secret]; set its keys one by one, as with `pulumi config set --path carrel:cluster.kubeconfig /path/to/kubeconfig`",
      "carrel:images.base: is not set and no carrel:lab gives it; set it with `pulumi config set --path carrel:images.base registry.example.org/node:24@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef`",
      "carrel:images.plainHttp: must be false for a registry that is neither private nor a lab's, got true; serve the registry over TLS and unset the key",
      "carrel:images.mirror: is not a known key; did you mean carrel:imageMirror?",
      'carrel:network.controlPlaneCidrs[0]: must have no bits set behind the prefix, got "10.0.0.1/8"; write "10.0.0.0/8"',
      'carrel:network.controlPlaneCidrs[2]: must not be every address, because every pod could then call the webhook, got "::/0"; name the addresses of the control plane, as in 192.0.2.10/32 or 2001:db8::/64',
      "carrel:admission.replicas: must be a whole number from 2 to 9, got 1; 2 are enough for one to be replaced while the other answers",
      'carrel:admission.logLevel: must be one of debug, info, warn, error, got "loud"; choose one of them',
      "carrel:certificates.renewalDays: must be less than carrel:certificates.validityDays, got 400; set it below 365 or raise carrel:certificates.validityDays",
      "carrel:certificates.rotation: is not a known key; known are carrel:certificates.validityDays, carrel:certificates.renewalDays",
      "carrel:telemetry: is not a known key; known are carrel:host, carrel:lab, carrel:prefix, carrel:cluster, carrel:images, carrel:network, carrel:port, carrel:ssh, carrel:exposure, carrel:platform, carrel:identity, carrel:hub, carrel:culling, carrel:storage, carrel:placement, carrel:admission, carrel:quota, carrel:imageMirror, carrel:podDefaults, carrel:certificates",
    ]);
  });

  it("come all at once from the services' keys too, those of the image mirror as it finds them", () => {
    const config = productionWith({
      podDefaults: { installKubeflowCrd: "no", untouchedContainers: ["Proxy"], exclude: [] },
      imageMirror: {
        failurePolicy: "Never",
        onMissing: "warn",
        exempt: ["https://a.example.org", "b.example.org"],
        rules: [
          { from: "docker.io", to: "docker.io/hub" },
          { from: "team", to: "c.example.org" },
        ],
      },
      quota: { accelerators: ["gpu=1", "vendor.example/gpu"] },
    });
    assert.deepEqual(problemsOf(config), [
      'carrel:quota.accelerators[0]: must name an extended resource, vendor.example/name or vendor.example/prefix-*, got "gpu=1"; write it as in vendor.example/gpu-slice=0.5 or vendor.example/slice-*=143m',
      'carrel:quota.accelerators[1]: must be RESOURCE=WEIGHT, got "vendor.example/gpu"; append how much of a GPU one unit is, as in "vendor.example/gpu=0.5"',
      'carrel:imageMirror.rules[1].from: must begin with a registry, got "team"; write "docker.io/team", or "docker.io/library/team" for the image',
      'carrel:imageMirror.rules[0].to: must not stand above or below the rule\'s own from, got "docker.io/hub"; mirror to a registry of its own',
      'carrel:imageMirror.exempt[0]: must be without a scheme, got "https://a.example.org"; leave out "https://"',
      'carrel:imageMirror.onMissing: must be keep or refuse, got "warn"; keep leaves images that no rule covers, refuse refuses their pods',
      'carrel:imageMirror.failurePolicy: must be one of Ignore, Fail, got "Never"; Ignore lets pods keep their images while admission is down, Fail refuses them',
      'carrel:podDefaults.untouchedContainers[0]: must be a container\'s name, a DNS label of at most 63 characters, got "Proxy"; name one container, as in istio-proxy',
      'carrel:podDefaults.installKubeflowCrd: must be true or false, got "no"; write true or false',
      "carrel:podDefaults.exclude: is not a known key; known are carrel:podDefaults.failurePolicy, carrel:podDefaults.untouchedContainers, carrel:podDefaults.installKubeflowCrd",
    ]);
  });

  it("name all that an empty configuration lacks, and how to set it", () => {
    assert.deepEqual(problemsOf({}), [
      "carrel:host: is not set; set it with `pulumi config set carrel:host notebooks.example.org`",
      "carrel:images.registry: is not set and no carrel:lab gives it; set it with `pulumi config set --path carrel:images.registry registry.example.org`",
      "carrel:images.base: is not set and no carrel:lab gives it; set it with `pulumi config set --path carrel:images.base registry.example.org/node:24@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef`",
      "carrel:network.controlPlaneCidrs: is not set and no carrel:lab gives it; set it with `pulumi config set --path 'carrel:network.controlPlaneCidrs[0]' 192.0.2.0/28`",
    ]);
  });

  it("do not name what a lab would give, when the lab is the problem", () => {
    const host = "carrel.localhost";
    assert.deepEqual(problemsOf({ host, lab: "second" }), [
      'carrel:lab: must name a lab that is running, got "second"; start it with `LAB_NAME=second make up`',
    ]);
    assert.deepEqual(problemsOf({ host, lab: "-" }), [
      'carrel:lab: must be 1 to 20 lower-case letters, digits and dashes, beginning with a letter, got "-"; use the LAB_NAME that the lab was started with',
    ]);
  });

  it("name the plain command for the lab that has the default name", () => {
    assert.throws(() => loadSettings(rawOf({ host: "carrel.localhost", lab: "dev" }), () => undefined), {
      problems: ['carrel:lab: must name a lab that is running, got "dev"; start it with `make up`'],
    });
  });

  it("do not call missing what an object that cannot be read may hold", () => {
    assert.deepEqual(problemsOf(productionWith({ images: "{" })), [
      'carrel:images: must be valid JSON, got "{"; set its keys one by one, as with `pulumi config set --path carrel:images.registry registry.example.org`',
    ]);
  });

  it("do not compare a number that is wrong with one that is right", () => {
    for (const certificates of [{ validityDays: 1 }, { validityDays: 30, renewalDays: 0 }, { renewalDays: 4000 }]) {
      assert.equal(problemsOf(productionWith({ certificates })).length, 1);
    }
  });

  it("are one message of one line each", () => {
    assert.throws(() => loadSettings(rawOf(productionWith({ host: "", prefix: "kube" })), findLab), {
      name: "UserError",
      code: "config",
      message: [
        "the configuration has 2 problems:",
        "  carrel:host: is not set; set it with `pulumi config set carrel:host notebooks.example.org`",
        '  carrel:prefix: must not begin with kube, because kube-system belongs to Kubernetes, got "kube"; choose another, as in carrel',
      ].join("\n"),
    });
    assert.throws(() => loadSettings(rawOf(productionWith({ host: "" })), findLab), {
      message: [
        "the configuration has 1 problem:",
        "  carrel:host: is not set; set it with `pulumi config set carrel:host notebooks.example.org`",
      ].join("\n"),
    });
  });
});
