import type { KubeObject } from "./types.ts";

/** One page of a list. */
export interface Page<T = KubeObject> {
  readonly items: T[] | null;
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
}

export interface PageQuery {
  readonly limit?: number;
  readonly continue?: string;
}

/** Asks for a page. @param onHead gets the first bytes of the answer as text, before the rest has come */
export type FetchPage<T> = (query: PageQuery, onHead: (head: string) => void) => Promise<Page<T>>;

/** The API server writes a list's metadata before its items. */
const CONTINUE = /^\{"kind":"\w+","apiVersion":"[^"\\]+","metadata":\{[^{}]*"continue":"(?<token>[^"\\]+)"/;

interface Coming<T> {
  readonly page: Promise<Page<T>>;
  /** Of the page after it, as soon as it is known; nothing where there is none, or where this one fails. */
  readonly token: Promise<string | undefined>;
}

function ask<T>(fetch: FetchPage<T>, query: PageQuery): Coming<T> {
  const { promise: token, resolve } = Promise.withResolvers<string | undefined>();
  const page = fetch(query, (head) => {
    const found = CONTINUE.exec(head)?.groups?.["token"];
    if (found !== undefined) resolve(found);
  });
  page.then(
    ({ metadata }) => resolve(metadata.continue || undefined),
    () => resolve(undefined),
  );
  return { page, token };
}

/**
 * The pages of a collection, in order. The next one is asked for when a page begins to come, so that the server writes it
 * while this one is read; no more than two are held.
 */
export async function* pagesOf<T>(fetch: FetchPage<T>, limit: number): AsyncGenerator<Page<T>, void, undefined> {
  let now: Coming<T> | undefined = ask(fetch, { limit });
  while (now !== undefined) {
    const next: Promise<Coming<T> | undefined> = now.token.then((token) =>
      token === undefined ? undefined : ask(fetch, { limit, continue: token }),
    );
    yield await now.page;
    now = await next;
  }
}
