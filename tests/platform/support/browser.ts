import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { run } from "../../../lab/cluster/run.ts";
import { ensureChromium } from "./chromium.ts";
import type { Screenshots } from "./screenshots.ts";

/** Pages of a busy lab on two cores come late, but they come. */
const PATIENCE_MS = 60_000;

/** One person at a browser of their own: cookies are shared with nobody. */
export interface Visitor {
  readonly name: string;
  readonly context: BrowserContext;
  readonly page: Page;
  /** Keeps what is seen now, under these words. */
  readonly see: (words: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Chromium without a window, which trusts the given authority beside those that it knows. */
export class TestBrowser {
  readonly #browser: Browser;
  readonly #home: string;
  readonly #screenshots: Screenshots;
  readonly #open = new Set<Visitor>();

  private constructor(browser: Browser, home: string, screenshots: Screenshots) {
    this.#browser = browser;
    this.#home = home;
    this.#screenshots = screenshots;
  }

  /**
   * Starts it.
   * @param authority PEM. It goes into the NSS database of a home of its own, so that chain, names and dates are checked as
   * anybody's browser does; accepting a key by its hash would check none of them.
   */
  static async start(authority: string, screenshots: Screenshots): Promise<TestBrowser> {
    const executablePath = await ensureChromium();
    const home = mkdtempSync(join(tmpdir(), "carrel-browser-"));
    const database = join(home, ".pki", "nssdb");
    mkdirSync(database, { recursive: true });
    const file = join(home, "authority.pem");
    writeFileSync(file, authority);
    await run("certutil", ["-N", "-d", `sql:${database}`, "--empty-password"]);
    await run("certutil", ["-A", "-d", `sql:${database}`, "-t", "C,,", "-n", "carrel", "-i", file]);
    const env = { ...process.env, HOME: home } as Record<string, string>;
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"], env });
    return new TestBrowser(browser, home, screenshots);
  }

  async visitor(name: string): Promise<Visitor> {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-GB" });
    context.setDefaultTimeout(PATIENCE_MS);
    context.setDefaultNavigationTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const visitor: Visitor = {
      name,
      context,
      page,
      see: (words) => this.#screenshots.keep(page, `${name}: ${words}`),
      close: async () => {
        this.#open.delete(visitor);
        await context.close();
      },
    };
    this.#open.add(visitor);
    return visitor;
  }

  /** What everybody sees now, for a test that failed. */
  async seeAll(words: string): Promise<void> {
    for (const { see } of this.#open) await see(words).catch(() => {});
  }

  async close(): Promise<void> {
    await this.#browser.close();
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 5 });
  }
}
