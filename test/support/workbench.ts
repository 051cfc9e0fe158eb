/** A person at the workbench: opens it in a browser, and uses it as a person would. */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Browser, FrameLocator, Locator, Page } from "playwright-core";
import { launchBrowser } from "./browser.ts";
import { Host, type HostOptions } from "./host.ts";

/** The names of themes in settings, and as people choose them. */
export const THEMES = {
  light: { id: "Default Light Modern", label: "Light Modern" },
  dark: { id: "Default Dark Modern", label: "Dark Modern" },
  "high-contrast": { id: "Default High Contrast", label: "Dark High Contrast" },
  "high-contrast-light": { id: "Default High Contrast Light", label: "Light High Contrast" },
} as const;
export type Theme = keyof typeof THEMES;

export interface WorkbenchOptions extends HostOptions {
  readonly theme?: Theme;
  /** Whether the workspace starts trusted; trust is not asked for at the start either way. */
  readonly trusted?: boolean;
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** Milliseconds for what the workbench does at once when the machine is not busy. */
const PROMPT = 30_000;
/** Milliseconds in which something opens, or does not. */
const SETTLE = 5000;
/** Milliseconds for the first paint, extensions included. */
const START = 120_000;
/** Tall enough for the whole sample workspace: lines of a tree that are out of sight are not in the page. */
const VIEWPORT = { width: 1440, height: 1000 };

export class Workbench implements AsyncDisposable {
  readonly host: Host;
  readonly page: Page;
  readonly #browser: Browser;
  readonly #pageErrors: string[] = [];

  private constructor(host: Host, browser: Browser, page: Page) {
    this.host = host;
    this.#browser = browser;
    this.page = page;
    page.on("pageerror", ({ message, stack }) => this.#pageErrors.push(stack ?? message));
  }

  /** Exceptions that nobody caught, in the workbench and its webviews. */
  get pageErrors(): readonly string[] {
    return this.#pageErrors;
  }

  static async open(workspace: string, options: WorkbenchOptions = {}): Promise<Workbench> {
    const host = await Host.start({
      ...options,
      settings: {
        "workbench.colorTheme": THEMES[options.theme ?? "dark"].id,
        "window.autoDetectColorScheme": false,
        "git.enabled": false,
        // Drawn as text in the page, so that it can be read.
        "terminal.integrated.gpuAcceleration": "off",
        ...(options.trusted === false
          ? { "security.workspace.trust.startupPrompt": "never" }
          : { "security.workspace.trust.enabled": false }),
        ...options.settings,
      },
    });
    const browser = await launchBrowser();
    const page = await browser.newPage({ viewport: options.viewport ?? VIEWPORT });
    page.setDefaultTimeout(PROMPT);
    const workbench = new Workbench(host, browser, page);
    try {
      await page.goto(host.address(workspace));
      await page.locator(".monaco-workbench .activitybar .action-item").first().waitFor({ timeout: START });
      return workbench;
    } catch (error) {
      await workbench.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.host.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The item of the activity bar whose label, badge text included, matches. */
  activity(label: RegExp): Locator {
    return this.page.locator(".activitybar .action-item").filter({ has: this.page.getByLabel(label) });
  }

  /** Opens the view of an activity bar item, once its label matches. */
  async openActivity(label: RegExp): Promise<void> {
    const item = this.activity(label);
    await item.waitFor({ timeout: START });
    // A badge lies on top of the icon.
    if ((await item.getAttribute("class"))?.includes("checked") !== true) await item.click({ force: true });
  }

  /** Runs a command by its full title, such as “Toka: Ask…”. */
  async palette(title: string): Promise<void> {
    // Not the first row by Enter: what was used before, or resembles the title more, may stand there.
    const row = this.picks().getByText(title, { exact: true }).first();
    await this.#quickInputBy("F1", `>${title}`, (options) => row.click(options));
  }

  /**
   * Opens the quick input by its key, fills it and chooses. An editor that opens meanwhile takes the focus, which closes
   * it: then it is opened again.
   */
  async #quickInputBy(
    key: string,
    text: string,
    choose: (options: { timeout: number }) => Promise<void>,
  ): Promise<void> {
    const deadline = Date.now() + PROMPT;
    for (;;) {
      await this.page.keyboard.press(key);
      try {
        await this.quickInput().fill(text, { timeout: SETTLE });
        await choose({ timeout: SETTLE });
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
    }
  }

  quickInput(): Locator {
    return this.page.locator(".quick-input-widget:visible input.input");
  }

  /** The highlighted row of a quick pick, when it holds the text. */
  focusedPick(text: string | RegExp): Locator {
    return this.picks().and(this.page.locator(".focused")).filter({ hasText: text });
  }

  picks(): Locator {
    return this.page.locator(".quick-input-widget:visible .quick-input-list .monaco-list-row");
  }

  /** Types into the input box or quick pick that is open; Enter is pressed once it shows that it took the text. */
  async answer(text: string): Promise<void> {
    const input = this.quickInput();
    await input.fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** A line of a tree, by its accessible name. */
  treeItem(name: string | RegExp): Locator {
    return this.page.getByRole("treeitem", { name });
  }

  /** A button that appears on a line of a tree when the pointer is on it. */
  async inlineAction(item: Locator, label: string | RegExp): Promise<void> {
    await item.hover();
    await item.getByRole("button", { name: label }).click();
  }

  /** Unfolds a line of a tree. */
  async expand(item: Locator): Promise<void> {
    await this.#fold(item, "true");
  }

  async collapse(item: Locator): Promise<void> {
    await this.#fold(item, "false");
  }

  async #fold(item: Locator, expanded: "true" | "false"): Promise<void> {
    if ((await item.getAttribute("aria-expanded")) === expanded) return;
    // The twistie, because a click on the line does what the line is for.
    await item.locator(".monaco-tl-twistie").click();
    await item.and(this.page.locator(`[aria-expanded=${expanded}]`)).waitFor();
  }

  /** The modal question that is open. */
  dialog(): Locator {
    return this.page.locator(".monaco-dialog-box");
  }

  /** Answers a modal question by the button with this very text. */
  async confirm(button: string): Promise<void> {
    await this.dialog().getByRole("button", { name: button, exact: true }).click();
    await this.dialog().waitFor({ state: "detached" });
  }

  /** Trusts the workspace, by way of the status bar. */
  async trust(): Promise<void> {
    const restricted = this.page.locator(".statusbar-item").filter({ hasText: "Restricted Mode" });
    await restricted.click();
    await this.page
      .locator(".workspace-trust-editor .monaco-button")
      .filter({ hasText: /^Trust$/ })
      .click();
    await restricted.waitFor({ state: "detached" });
    await this.page.locator(".monaco-modal-editor-block .codicon-close").click();
  }

  async changeTheme(theme: Theme): Promise<void> {
    const { label } = THEMES[theme];
    await this.palette("Preferences: Color Theme");
    const input = this.page.getByPlaceholder(/Select Color Theme/);
    await input.waitFor();
    await input.fill(label);
    await this.focusedPick(label).waitFor();
    await this.page.keyboard.press("Enter");
  }

  /** Opens a file of the workspace at a line; one that is open already stays where it is. */
  async openFile(path: string, line = 1): Promise<void> {
    const name = path.split("/").at(-1) ?? path;
    const tab = this.editorTab(name).first();
    // A file opens in the group that has the focus, which may be the one of a graph.
    if ((await tab.count()) > 0) await tab.click();
    await this.#quickInputBy("Control+KeyP", `${path}:${line}`, async (options) => {
      await this.focusedPick(name).waitFor(options);
      await this.page.keyboard.press("Enter");
    });
    await tab.waitFor();
  }

  editorTab(name: string | RegExp): Locator {
    return this.page.getByRole("tab", { name });
  }

  codeLens(text: string | RegExp): Locator {
    return this.page.locator(".codelens-decoration a").filter({ hasText: text });
  }

  /** The part of the status bar that tells the line and column of the cursor: `Ln 20, Col 1`. */
  cursor(): Locator {
    return this.page.locator('[id="status.editor.selection"]');
  }

  /**
   * Types lines below the one with the cursor. Each begins only when the status bar shows that there is a new line: on a
   * busy machine an Enter can get lost, and the text would stand behind the line before.
   */
  async typeBelow(...lines: readonly string[]): Promise<void> {
    for (const line of lines) {
      const before = Number(/\d+/.exec((await this.cursor().textContent()) ?? "")?.[0]);
      const below = this.cursor().filter({ hasText: `Ln ${before + 1},` });
      const deadline = Date.now() + PROMPT;
      for (;;) {
        await this.page.keyboard.press("End");
        await this.page.keyboard.press("Enter");
        try {
          await below.waitFor({ timeout: SETTLE });
          break;
        } catch (error) {
          if (Date.now() > deadline) throw error;
        }
      }
      await this.page.keyboard.type(line);
    }
  }

  /** The document inside the visible webview. */
  webview(): FrameLocator {
    return this.page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
  }

  /** Waits until the terminal shows a text, and gives back all that it shows. */
  async terminalShows(text: RegExp, timeout = START): Promise<string> {
    const rows = this.page.locator(".terminal-wrapper.active .xterm-rows");
    const deadline = Date.now() + timeout;
    for (;;) {
      const shown = (await rows.allInnerTexts()).join("\n").replaceAll("\u00a0", " ");
      if (text.test(shown)) return shown;
      if (Date.now() > deadline) throw new Error(`The terminal did not show ${text}:\n${shown}`);
      await wait(100);
    }
  }

  /** A message in the corner of the window. */
  notification(text: string | RegExp): Locator {
    return this.page.locator(".notification-toast").filter({ hasText: text });
  }

  async screenshot(file: string): Promise<void> {
    await mkdir(dirname(file), { recursive: true });
    await this.page.screenshot({ path: file });
  }
}
