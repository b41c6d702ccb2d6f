/** Of each kind; the pods of a cluster come from few templates, and are of few people. */
const MOST = 4096;

/**
 * One object for all that are equal, so that thousands of pods keep what they have in common once. It forgets what it has
 * when there is too much of it: equal objects are only more memory.
 */
export class SharedValues<T extends object> {
  readonly #byText = new Map<string, T>();

  /** @param value of JSON */
  of(value: T): T {
    const text = JSON.stringify(value);
    const known = this.#byText.get(text);
    if (known) return known;
    if (this.#byText.size >= MOST) this.#byText.clear();
    this.#byText.set(text, value);
    return value;
  }
}
