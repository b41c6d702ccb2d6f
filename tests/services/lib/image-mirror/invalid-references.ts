import type { ReferenceFault } from "../../../../services/lib/image-mirror/reference.ts";
import { hex, sha256 } from "./reference-cases.ts";

const shape = "lower-case letters and digits, with one of . _ __ or dashes between them, and single slashes";
const tagShape = "1 to 128 letters, digits, _ . and -, beginning with none of . and -";
const digestShape = "write sha256: and 64 lower-case hexadecimal digits";
const hostShape = "write host, host:port or [IPv6]:port";

type Invalid = readonly [image: string, fault: ReferenceFault, wrong: string];

const repository = (image: string, part: string = image): Invalid => [
  image,
  "repository",
  `has the malformed repository "${part}": ${shape}`,
];
const upper = (image: string, part: string): Invalid => [
  image,
  "repository",
  `has upper-case letters in the repository "${part}": write "${part.toLowerCase()}"`,
];
const registry = (image: string, part: string): Invalid => [
  image,
  "registry",
  `has the malformed registry "${part}": ${hostShape}`,
];
const tag = (image: string, part: string): Invalid => [image, "tag", `has the malformed tag "${part}": ${tagShape}`];
const digest = (image: string, part: string, rule: string = digestShape): Invalid => [
  image,
  "digest",
  `has the malformed digest "${part}": ${rule}`,
];
const nameless = "names no repository: write registry/repository:tag";

/** Texts that the kubelet takes for no image, and what is said about them. */
export const invalid: readonly Invalid[] = [
  ["", "empty", "is empty: write for example nginx:1.29"],
  [":tag", "empty", nameless],
  [`@${sha256}`, "empty", nameless],
  ["hub.example/", "empty", nameless],
  ["hub.example/:1", "empty", nameless],
  [hex(64), "image-id", "is an image id: write a repository, or repository@sha256:DIGEST"],
  ["https://hub.example/app", "scheme", 'begins with a scheme: leave out "https://"'],
  ["docker://nginx", "scheme", 'begins with a scheme: leave out "docker://"'],
  upper("Nginx", "Nginx"),
  upper("Nginx:1", "Nginx"),
  upper("team/App", "team/App"),
  upper("hub.example/Team/app:V1", "Team/app"),
  [`hub.example/${"a".repeat(256)}`, "length", "has a repository of 256 characters: at most 255 are allowed"],
  ["a".repeat(248), "length", "has a repository of 256 characters: at most 255 are allowed"],
  ...[
    " nginx",
    "nginx ",
    "team//app",
    "/nginx",
    "team/",
    "-nginx",
    "nginx-",
    "a..b",
    "a._b",
    "a___b",
    "_",
    "~/nginx",
  ].map((image) => repository(image)),
  ...["nginx%20", "ngin\u00e9", "[fc00]", "*"].map((image) => repository(image)),
  repository("hub.example//app", "/app"),
  repository("hub.example/a-/b", "a-/b"),
  registry("-hub.example/app", "-hub.example"),
  registry("hub-.example/app", "hub-.example"),
  registry("hub..example/app", "hub..example"),
  registry("hub.example:/app", "hub.example:"),
  registry("hub.example:80x/app", "hub.example:80x"),
  registry("under_score:5000/app", "under_score:5000"),
  registry("Team_one/app", "Team_one"),
  registry("fc00::1:5000/app", "fc00::1:5000"),
  registry("[fe80::1%eth0]:5000/app", "[fe80::1%eth0]:5000"),
  registry("[::1/app", "[::1"),
  registry("[::1]x/app", "[::1]x"),
  registry("[2001:db8::192.0.2.33]/app", "[2001:db8::192.0.2.33]"),
  registry("nginx:1.29/app", "nginx:1.29"),
  repository("[::1]:5000", "["),
  tag("nginx:", ""),
  tag("nginx:-1", "-1"),
  tag("nginx:.1", ".1"),
  tag("nginx:1:2", "1:2"),
  tag("nginx:1+2", "1+2"),
  tag("hub.example/app:1/2", "1/2"),
  digest("nginx@", ""),
  digest("nginx@sha256:", "sha256:"),
  digest("nginx@md5:d41d8cd98f00b204e9800998ecf8427e", "md5:d41d8cd98f00b204e9800998ecf8427e"),
  digest(`nginx@sha256:${"f".repeat(63)}`, `sha256:${"f".repeat(63)}`),
  digest(`nginx@sha256:${"F".repeat(64)}`, `sha256:${"F".repeat(64)}`),
  digest("nginx@sha512:ff", "sha512:ff", "write sha512: and 128 lower-case hexadecimal digits"),
  digest("user@hub.example/app", "hub.example/app"),
  digest("nginx@constructor:ff", "constructor:ff"),
];
