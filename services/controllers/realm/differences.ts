export interface DifferenceOptions {
  /** Keycloak shows some secrets to nobody: whether they are written again though nothing can be seen of them. */
  readonly rewriteSecrets: boolean;
  /** Values that no text may have in it, whatever their field is called. */
  readonly secrets: ReadonlySet<string>;
}

type Fields = Readonly<Record<string, unknown>>;

/** What Keycloak shows in the place of a secret. */
const MASK = "**********";
const SECRET_FIELD = /(secret|password|credential|private[-_.]?key)$/i;
const SHOWN = 160;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Lists are sets here: Keycloak answers them in any order. Anything else as its text, because attributes are texts. */
function isSame(declared: unknown, live: unknown): boolean {
  if (!Array.isArray(declared)) return live !== undefined && live !== null && String(declared) === String(live);
  const has = Array.isArray(live) ? live.map(String).sort() : [];
  const wants = declared.map(String).sort();
  return wants.length === has.length && wants.every((one, i) => one === has[i]);
}

function shown(value: unknown, { secrets }: DifferenceOptions): string {
  if (value === undefined || value === null) return "absent";
  const text = JSON.stringify(value);
  const isSecret = [...secrets].some((secret) => secret !== "" && text.includes(JSON.stringify(secret).slice(1, -1)));
  if (isSecret) return "(secret)";
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
}

function differenceOf(field: string, declared: unknown, live: unknown, options: DifferenceOptions): string[] {
  if (isFields(declared)) {
    const inner = isFields(live) ? live : {};
    return Object.entries(declared).flatMap(([key, value]) =>
      differenceOf(`${field}.${key}`, value, inner[key], options),
    );
  }
  if (live === MASK || (Array.isArray(live) && live[0] === MASK)) {
    return options.rewriteSecrets ? [`${field} is written again`] : [];
  }
  if (isSame(declared, live)) return [];
  if (SECRET_FIELD.test(field)) return [`${field} was another`];
  return [`${field} was ${shown(live, options)}, now ${shown(declared, options)}`];
}

/** What is not as declared, a text for each field; fields that are not declared do not count. No text has a secret in it. */
export function differences(declared: Fields, live: Fields, options: DifferenceOptions): string[] {
  return Object.entries(declared).flatMap(([field, value]) => differenceOf(field, value, live[field], options));
}
