import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";

const MAX_NAME = 100;

/** `003-ada-the-launch-page.png`: in the order in which they were taken. */
export const screenshotName = (count: number, words: string): string =>
  `${String(count).padStart(3, "0")}-${words
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_NAME)}.png`;

/** What the visitors saw, in the folder that CARREL_SCREENSHOTS names or in one of its own. */
export class Screenshots {
  readonly folder: string;
  #count = 0;

  constructor(folder: string | undefined = process.env["CARREL_SCREENSHOTS"]) {
    this.folder = folder || mkdtempSync(join(tmpdir(), "carrel-screenshots-"));
    mkdirSync(this.folder, { recursive: true });
  }

  async keep(page: Page, words: string): Promise<void> {
    this.#count++;
    await page.screenshot({ path: join(this.folder, screenshotName(this.#count, words)), fullPage: true });
  }
}
