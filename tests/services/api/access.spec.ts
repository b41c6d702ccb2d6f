import assert from "node:assert/strict";
import { buildSchema, type GraphQLObjectType, type GraphQLSchema, getNamedType, isObjectType } from "graphql";
import { guardSchema, rules } from "../../../services/api/access.ts";
import { standardLimits } from "../../../services/api/limits.ts";
import { apiSchema } from "../../../services/api/schema/schema.ts";
import { UserError } from "../../../services/lib/user-error.ts";
import { type Answer, type Library, library, SECRET } from "./library.ts";

/** Who asks: eve is of another group, ada a member of physics, grace its administrator, root the platform's. */
const callers = [
  "nobody",
  "eve",
  "ada",
  "grace",
  "root",
  "server",
  "secretOnPublicPort",
  "tokenOnInternalPort",
] as const;
type Name = (typeof callers)[number];

const people: readonly Name[] = ["eve", "ada", "grace", "root"];
const inside: readonly Name[] = ["ada", "grace", "root"];
const leaders: readonly Name[] = ["grace", "root"];
const everybody: readonly Name[] = [...people, "server"];

const all = (type: string, who: readonly Name[], fields: string): [string, readonly Name[]][] =>
  fields.split(" ").map((field) => [`${type}.${field}`, who]);

/** Who sees a field once they have come to its object; written again here, so that a change there is seen. */
const expected = new Map<string, readonly Name[]>([
  ...all("Query", people, "me groups instanceTypes images volumes"),
  ...all("Query", inside, "group"),
  // Of ada: herself, her group's administrator, the platform's.
  ...all("Query", inside, "usage"),
  ...all("Query", ["ada", "root", "server"], "launchContext"),
  ...all("Mutation", leaders, "invite"),
  ...all("Invitation", leaders, "url group email expires"),
  ...all("Me", people, "name displayName email isAdmin groups"),
  // Each person comes to groups of their own only; `root` to all of them.
  ...all("Group", people, "name slug displayName problem isAdmin admins culling quota usage memberQuota memberUsage"),
  ...all("Group", people, "remaining instanceTypes images volumes"),
  ...all("Group", leaders, "members"),
  ...all("Member", leaders, "name displayName email isAdmin usage"),
  ...all("InstanceType", people, "name displayName description problem cpuMilli memoryBytes gpuMilli resources"),
  ...all("Image", people, "name displayName description reference variants problem"),
  ...all("Volume", people, "name displayName description kind mountPath readOnly"),
  ...all("Usage", people, "quota used remaining"),
  ...all("Amounts", everybody, "cpuMilli memoryBytes gpuMilli ephemeralStorageBytes pods"),
  ...all("Culling", everybody, "policy idleSeconds maxAgeSeconds"),
  ...all("Toleration", everybody, "key operator value effect tolerationSeconds"),
  ...all("ImageVariant", everybody, "architecture accelerator reference"),
  ...all("LaunchContext", everybody, "user groups"),
  ...all("LaunchUser", everybody, "name displayName email isAdmin"),
  ...all("LaunchGroup", everybody, "name slug displayName problem culling sharedVolume quota memberQuota usage"),
  ...all("LaunchGroup", everybody, "memberUsage remaining instanceTypes images volumes"),
  ...all("LaunchInstanceType", everybody, "name displayName description fits reason cpuMilli memoryBytes gpuMilli"),
  ...all("LaunchInstanceType", everybody, "resources requests nodeSelector tolerations priorityClassName"),
  ...all("LaunchImage", everybody, "name displayName description reference variants problem"),
  ...all("LaunchImage", ["server"], "pullSecret"),
  ...all("LaunchVolume", everybody, "name displayName description kind mountPath claim readOnly"),
  ...all("LaunchVolume", ["server"], "env"),
  ...all("SharedVolume", everybody, "claim gid"),
]);

const targets: Readonly<Record<string, string>> = {
  group: '(name: "physics")',
  usage: '(group: "physics", user: "ada")',
  launchContext: '(user: "ada")',
  invite: '(group: "physics")',
};

const typesOf = (schema: GraphQLSchema): GraphQLObjectType[] =>
  Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .filter(({ name }) => !name.startsWith("__"));

interface Path {
  /** `Query.me`, `Me.groups`, `Group.name` */
  readonly steps: readonly string[];
  readonly query: string;
}

/** Every way to every field, without going round in circles. */
function pathsFrom(type: GraphQLObjectType, steps: readonly string[], wrap: (selection: string) => string): Path[] {
  return Object.values(type.getFields()).flatMap((field): Path[] => {
    const name = `${type.name}.${field.name}`;
    const target = type.name === "Query" || type.name === "Mutation" ? (targets[field.name] ?? "") : "";
    const inner = getNamedType(field.type);
    const next = [...steps, name];
    if (!isObjectType(inner)) return [{ steps: next, query: wrap(`${field.name}${target}`) }];
    const wrapped = (selection: string): string => wrap(`${field.name}${target} { ${selection} }`);
    const here = { steps: next, query: wrapped("__typename") };
    const isCircle = next.some((step) => step.startsWith(`${inner.name}.`));
    return [here, ...(isCircle ? [] : pathsFrom(inner, next, wrapped))];
  });
}

const codesOf = ({ body }: Answer): string =>
  [...new Set((body.errors ?? []).map((one) => one.extensions?.code))].join();

/** HTTP status and code. A denied field is an error beside the data, which is no failure of HTTP. */
function outcome(caller: Name, steps: readonly string[]): string {
  if (!everybody.includes(caller)) return "401 UNAUTHENTICATED";
  return steps.every((step) => expected.get(step)?.includes(caller)) ? "200 " : "200 FORBIDDEN";
}

describe("who may see what", () => {
  let running: Library;
  const ways = new Map<Name, (query: string) => Promise<Answer>>();
  before(async () => {
    running = await library({ limits: { ...standardLimits, cost: 1_000_000 } });
    const { ask, tokenOf } = running;
    for (const name of ["eve", "ada", "grace", "root"] as const) {
      const token = await tokenOf(name);
      ways.set(name, (query) => ask("public", token, query));
    }
    const token = await tokenOf("root");
    ways.set("nobody", (query) => ask("public", undefined, query));
    ways.set("server", (query) => ask("internal", SECRET, query));
    ways.set("secretOnPublicPort", (query) => ask("public", SECRET, query));
    ways.set("tokenOnInternalPort", (query) => ask("internal", token, query));
  });
  after(() => running.close());

  const schema = apiSchema();
  const paths = [
    ...pathsFrom(schema.getQueryType() as GraphQLObjectType, [], (selection) => `{ ${selection} }`),
    ...pathsFrom(schema.getMutationType() as GraphQLObjectType, [], (selection) => `mutation { ${selection} }`),
  ];

  it("is said here for every field of the schema", () => {
    const fields = typesOf(schema).flatMap((type) =>
      Object.keys(type.getFields()).map((field) => `${type.name}.${field}`),
    );
    assert.deepEqual([...expected.keys()].sort(), fields.sort());
    const reached = new Set(paths.map(({ steps }) => steps.at(-1)));
    assert.deepEqual([...reached].sort(), fields);
  });

  for (const caller of callers) {
    it(`holds for ${caller}, whatever way a field is come to`, async () => {
      const wrong: string[] = [];
      for (const { steps, query } of paths) {
        const answer = (await ways.get(caller)?.(query)) as Answer;
        const want = outcome(caller, steps);
        const got = `${answer.status} ${codesOf(answer)}`;
        if (got !== want) wrong.push(`${query}: ${answer.text}, "${got}" and not "${want}"`);
      }
      assert.deepEqual(wrong, []);
    }).timeout(60_000);
  }

  const foreign: readonly [Name, RegExp][] = [
    ["nobody", /physics|chemistry|7777|8888/],
    ["secretOnPublicPort", /physics|chemistry|7777|8888/],
    ["tokenOnInternalPort", /physics|chemistry|7777|8888/],
    ["eve", /physics|7777/],
    ["ada", /chemistry|8888/],
    ["grace", /chemistry|8888/],
  ];
  for (const [caller, secret] of foreign) {
    it(`tells ${caller} nothing of a group that is not theirs`, async () => {
      const told: string[] = [];
      for (const { query } of paths) {
        const answer = await ways.get(caller)?.(query);
        if (answer === undefined || secret.test(answer.text)) told.push(`${query}: ${answer?.text}`);
      }
      assert.deepEqual(told, []);
    }).timeout(60_000);
  }

  it("tells each of their own, so that the silence above says something", async () => {
    const query = "{ me { groups { name usage { cpuMilli } } } volumes { name } }";
    assert.deepEqual((await ways.get("eve")?.(query))?.body, {
      data: {
        me: { groups: [{ name: "chemistry", usage: { cpuMilli: "1000" } }] },
        volumes: [{ name: "chemistry-data" }, { name: "chemistry-keys" }],
      },
    });
    const every = await ways.get("root")?.(
      "{ groups { name members { name isAdmin usage { cpuMilli } } } images { name } }",
    );
    assert.deepEqual(every?.body, {
      data: {
        groups: [
          { name: "chemistry", members: [{ name: "eve", isAdmin: false, usage: { cpuMilli: "1000" } }] },
          {
            name: "physics",
            members: [
              { name: "ada", isAdmin: false, usage: { cpuMilli: "1500" } },
              { name: "grace", isAdmin: true, usage: { cpuMilli: "500" } },
            ],
          },
        ],
        images: [{ name: "chemistry-image" }, { name: "physics-image" }],
      },
    });
  });

  it("answers the same for a group that is not theirs and for one that is not there", async () => {
    for (const caller of ["eve", "ada"] as const) {
      const other = caller === "eve" ? "physics" : "chemistry";
      const [theirs, missing] = await Promise.all(
        [other, "nowhere"].map((name) => ways.get(caller)?.(`{ group(name: "${name}") { name } }`)),
      );
      assert.deepEqual(theirs?.body, missing?.body);
      assert.deepEqual(theirs?.body, {
        data: { group: null },
        errors: [
          {
            message: "Query.group: you may not see this",
            path: ["group"],
            locations: [{ line: 1, column: 3 }],
            extensions: { code: "FORBIDDEN" },
          },
        ],
      });
    }
  });

  const usages: readonly [caller: Name, args: string, code: string][] = [
    ["ada", 'group: "physics"', ""],
    ["ada", 'group: "physics", user: "ADA"', ""],
    ["ada", 'group: "physics", user: "grace"', "FORBIDDEN"],
    ["ada", 'group: "chemistry", user: "ada"', "FORBIDDEN"],
    ["grace", 'group: "physics", user: "ada"', ""],
    ["grace", 'group: "chemistry"', "FORBIDDEN"],
    ["eve", 'group: "physics", user: "eve"', "FORBIDDEN"],
    ["root", 'group: "chemistry", user: "eve"', ""],
    ["server", 'group: "physics"', "FORBIDDEN"],
  ];
  for (const [caller, args, code] of usages) {
    it(`${code === "" ? "tells" : "does not tell"} ${caller} usage(${args})`, async () => {
      const answer = await ways.get(caller)?.(`{ usage(${args}) { used { cpuMilli } } }`);
      assert.equal(codesOf(answer as Answer), code);
    });
  }

  it("lets people ask for their own launch context only, and a server for anybody's", async () => {
    const ask = async (caller: Name, user: string): Promise<string> =>
      codesOf((await ways.get(caller)?.(`{ launchContext(user: "${user}") { user { name } } }`)) as Answer);
    assert.deepEqual(
      [await ask("ada", "Ada"), await ask("ada", "eve"), await ask("grace", "ada"), await ask("root", "eve")],
      ["", "FORBIDDEN", "FORBIDDEN", ""],
    );
    assert.deepEqual([await ask("server", "eve"), await ask("server", "nobody")], ["", "NOT_FOUND"]);
  });
});

describe("guardSchema", () => {
  it("refuses a field without a rule, and a rule without a field", () => {
    const schema = buildSchema("type Query { known: Int, unknown: Item } type Item { name: String }");
    const table = new Map([
      ["Query.known", () => true],
      ["Query.gone", () => true],
    ]);
    const problems = [
      "Query.unknown has no rule: say in access.ts who may see it",
      "Item.name has no rule: say in access.ts who may see it",
      "Query.gone has a rule and is no field: remove it from access.ts",
    ];
    assert.throws(
      () => guardSchema(schema, table),
      (error: unknown) => {
        assert.ok(error instanceof UserError);
        assert.deepEqual([error.code, error.problems], ["access-rules", problems]);
        return true;
      },
    );
  });

  it("has no rule that lets nobody through", () => {
    const objects = new Set(typesOf(apiSchema()).map(({ name }) => name));
    for (const [field, rule] of rules) {
      assert.ok(objects.has(field.split(".")[0] ?? ""));
      assert.equal(rule({ caller: { kind: "nobody" }, parent: { name: "x" }, args: {} }), false, field);
    }
  });
});
