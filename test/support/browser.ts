import { type Browser, chromium } from "playwright-core";
import { findProgram } from "../../scripts/setup.mjs";

/** The machine's Chromium, headless and quiet. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = findProgram("chromium", "chromium-browser", "google-chrome");
  if (executablePath === undefined) throw new Error("Chromium is not installed; `node scripts/setup.mjs` does it.");
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
