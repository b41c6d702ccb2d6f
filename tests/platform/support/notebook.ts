import type { Locator, Page } from "playwright-core";

const KERNEL_MS = 90_000;
/** What is printed is drawn a moment after the cell has its number. */
const DRAWN_MS = 30_000;

/** A new notebook in JupyterLab, used by the keyboard. */
export class Notebook {
  readonly page: Page;
  readonly #panel: Locator;
  #next = 0;

  private constructor(page: Page) {
    this.page = page;
    this.#panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)");
  }

  /** Takes Python from the launcher; answers when the kernel waits for work. */
  static async open(page: Page): Promise<Notebook> {
    const launcher = page.locator('.jp-LauncherCard[data-category="Notebook"]').first();
    await launcher.waitFor({ timeout: KERNEL_MS });
    await launcher.click();
    const notebook = new Notebook(page);
    await notebook.#cell(0).waitFor({ timeout: KERNEL_MS });
    await notebook.idle();
    return notebook;
  }

  /** Until the kernel waits for work, in the words of the status bar: the notebook's own sign says so before there is one. */
  async idle(): Promise<void> {
    await this.page
      .locator("#jp-main-statusbar")
      .getByText(/\| Idle$/)
      .waitFor({ timeout: KERNEL_MS });
  }

  /** Sends the next cell; answers its number, before it has ended. */
  async send(code: string): Promise<number> {
    const index = this.#next++;
    await this.#cell(index).locator(".cm-content").click();
    // As one text: typed character by character, the editor would close brackets by itself.
    await this.page.keyboard.insertText(code);
    await this.page.keyboard.press("Shift+Enter");
    return index;
  }

  /** What a cell printed, once it has ended. */
  async outputOf(index: number): Promise<string> {
    const cell = this.#cell(index);
    const ended = cell.locator(".jp-InputPrompt", { hasText: /^\[\d+\]:$/ });
    await ended.waitFor({ timeout: KERNEL_MS });
    const drawn = cell.locator(".jp-OutputArea-output", { hasText: /\S/ }).first();
    // One that prints nothing has nothing: the test says what is wrong with that.
    await drawn.waitFor({ timeout: DRAWN_MS }).catch(() => {});
    return (await cell.locator(".jp-OutputArea-output").allInnerTexts()).join("\n").trim();
  }

  /** What a cell has printed until now, once that is something. */
  async firstOutputOf(index: number): Promise<string> {
    const output = this.#cell(index).locator(".jp-OutputArea-output").first();
    await output.filter({ hasText: /\S/ }).waitFor({ timeout: KERNEL_MS });
    return (await output.innerText()).trim();
  }

  async run(code: string): Promise<string> {
    return this.outputOf(await this.send(code));
  }

  #cell(index: number): Locator {
    return this.#panel.locator(".jp-CodeCell").nth(index);
  }
}
