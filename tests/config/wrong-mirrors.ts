import type { Sections } from "./configurations.ts";

const rule = (from: unknown, to: unknown = "mirror.example.org"): Sections => ({
  imageMirror: { rules: [{ from, to }] },
});

/** As `wrongConfigurations`, for the image mirror. */
export const wrongMirrors: readonly (readonly [string, Sections, string])[] = [
  [
    "a rule from a scheme",
    rule("https://docker.io"),
    'carrel:imageMirror.rules[0].from: must be without a scheme, got "https://docker.io"; leave out "https://"',
  ],
  [
    "a rule from a short name",
    rule("team"),
    'carrel:imageMirror.rules[0].from: must begin with a registry, got "team"; write "docker.io/team", or "docker.io/library/team" for the image',
  ],
  [
    "a rule to a tag",
    rule("docker.io", "mirror.example.org/hub:1"),
    'carrel:imageMirror.rules[0].to: must be without a tag, got "mirror.example.org/hub:1"; write "mirror.example.org/hub": tags are kept as they are',
  ],
  [
    "a rule with a wildcard",
    rule("docker.io/*"),
    'carrel:imageMirror.rules[0].from: must be without a wildcard, got "docker.io/*"; leave it out: a prefix covers everything below it',
  ],
  [
    "a rule with a port that cannot be",
    rule("quay.example:70000"),
    'carrel:imageMirror.rules[0].from: must begin with host, host:port or [IPv6]:port, got "quay.example:70000"; write the registry as images name it',
  ],
  [
    "a rule with a number",
    rule("docker.io", 5000),
    "carrel:imageMirror.rules[0].to: must be text, got 5000; write a registry, or a registry and a repository",
  ],
  [
    "a rule without a target",
    { imageMirror: { rules: [{ from: "docker.io" }] } },
    "carrel:imageMirror.rules[0].to: must be text, got nothing; write a registry, or a registry and a repository",
  ],
  [
    "a rule with an unknown key",
    { imageMirror: { rules: [{ from: "docker.io", to: "a.example.org", tls: true }] } },
    'carrel:imageMirror.rules[0]: has an unknown key, got "tls"; leave it out: the keys are from, to',
  ],
  [
    "a rule as text",
    { imageMirror: { rules: ["docker.io=mirror.example.org"] } },
    'carrel:imageMirror.rules[0]: must be an object, got "docker.io=mirror.example.org"; write from: and to:',
  ],
  [
    "rules as one object",
    { imageMirror: { rules: { from: "docker.io", to: "mirror.example.org" } } },
    'carrel:imageMirror.rules: must be a list, got {"from":"docker.io","to":"mirror.example.org"}; write it as a list, one item a line',
  ],
  [
    "a rule onto itself",
    rule("docker.io", "index.docker.io"),
    'carrel:imageMirror.rules[0].to: must not be the rule\'s own from, got "docker.io"; to leave images alone, list the prefix under exempt',
  ],
  [
    "a rule into itself",
    rule("a.example.org", "a.example.org/mirror"),
    'carrel:imageMirror.rules[0].to: must not stand above or below the rule\'s own from, got "a.example.org/mirror"; mirror to a registry of its own',
  ],
  [
    "a chain of rules",
    {
      imageMirror: {
        rules: [
          { from: "a.example.org", to: "b.example.org/a" },
          { from: "b.example.org", to: "c.example.org" },
        ],
      },
    },
    'carrel:imageMirror.rules[0].to: must not be what carrel:imageMirror.rules[1] reads, got "b.example.org/a"; write the to of carrel:imageMirror.rules[1] here, or narrow its from',
  ],
  [
    "two rules for one registry",
    {
      imageMirror: {
        rules: [
          { from: "docker.io", to: "a.example.org" },
          { from: "index.docker.io", to: "b.example.org" },
        ],
      },
    },
    'carrel:imageMirror.rules[1].from: must not repeat carrel:imageMirror.rules[0].from, got "docker.io"; keep one of the two',
  ],
  [
    "an exemption that ends in a slash",
    { imageMirror: { exempt: ["a.example.org/"] } },
    'carrel:imageMirror.exempt[0]: must not end in a slash, got "a.example.org/"; write "a.example.org"',
  ],
  [
    "exemptions as text",
    { imageMirror: { exempt: "a.example.org" } },
    'carrel:imageMirror.exempt: must be a list, got "a.example.org"; write it as a list, one item a line',
  ],
  [
    "an exemption from a rule's whole",
    { imageMirror: { rules: [{ from: "docker.io", to: "a.example.org" }], exempt: ["docker.io"] } },
    'carrel:imageMirror.exempt[0]: must not repeat carrel:imageMirror.rules[0].from, got "docker.io"; keep one of the two',
  ],
  [
    "what to do with missing images in other words",
    { imageMirror: { onMissing: "deny" } },
    'carrel:imageMirror.onMissing: must be keep or refuse, got "deny"; keep leaves images that no rule covers, refuse refuses their pods',
  ],
  [
    "a refusal of every image",
    { imageMirror: { onMissing: "refuse" } },
    "carrel:imageMirror.rules: must not be empty with onMissing refuse, got []; write rules, or set onMissing to keep",
  ],
  [
    "a mirror's failure policy in lower case",
    { imageMirror: { failurePolicy: "fail" } },
    'carrel:imageMirror.failurePolicy: must be one of Ignore, Fail, got "fail"; write "Fail"',
  ],
  [
    "a mirror's failure policy like no other",
    { imageMirror: { failurePolicy: "refuse" } },
    'carrel:imageMirror.failurePolicy: must be one of Ignore, Fail, got "refuse"; Ignore lets pods keep their images while admission is down, Fail refuses them',
  ],
  [
    "a misspelt key of the mirror",
    { imageMirror: { rule: [] } },
    "carrel:imageMirror.rule: is not a known key; did you mean carrel:imageMirror.rules?",
  ],
  [
    "a list for the mirror",
    { imageMirror: "[]" },
    "carrel:imageMirror: must be an object, got []; set its keys one by one, as with `pulumi config set --path 'carrel:imageMirror.rules[0].from' docker.io`",
  ],
  [
    "a flat key of a rule",
    { "imageMirror.rules[0].from": "docker.io" },
    "carrel:imageMirror.rules[0].from: is stored as one flat key with a dot in its name; remove it and set it with `pulumi config set --path 'carrel:imageMirror.rules[0].from' docker.io`",
  ],
];
