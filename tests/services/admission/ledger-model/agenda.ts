interface Event {
  readonly at: number;
  readonly run: () => void;
}

/** What is to happen, in the order of time; at the same moment in the order in which it was asked for. */
export class Agenda {
  now = 0;
  /** The next event is the last one. */
  readonly #events: Event[] = [];

  after(ms: number, run: () => void): void {
    const event = { at: this.now + ms, run };
    const events = this.#events;
    let i = events.length;
    while (i > 0 && events[i - 1]!.at <= event.at) i--;
    if (i === events.length) events.push(event);
    else events.splice(i, 0, event);
  }

  /** Lets the next event happen; false where there is none. */
  step(): boolean {
    const event = this.#events.pop();
    if (event === undefined) return false;
    this.now = event.at;
    event.run();
    return true;
  }
}
