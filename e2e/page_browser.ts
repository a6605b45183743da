import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";

/** browserPath is where Debian's Chromium is, or what `CHROMIUM_BIN` names. */
export const browserPath = process.env["CHROMIUM_BIN"] ?? "/usr/bin/chromium";

/**
 * hasBrowser tells whether the page can be driven here. Without a browser it says so in one line; where
 * `CI` is `true` it throws, because a suite that is never run proves nothing.
 */
export function hasBrowser(): boolean {
  if (existsSync(browserPath)) return true;
  const message = `the page's suite is skipped: no browser at ${browserPath} (apt-get install chromium fonts-dejavu-core)`;
  if (process.env["CI"] === "true") throw new Error(message);
  console.log(message);
  return false;
}

/** openBrowser starts a headless browser that talks to nobody but the page. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: browserPath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** How long a browser may take for one thing on a busy machine. */
const patienceMs = 10_000;

/** Visit is one customer's browser window, and what was wrong in it. */
export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts, breaches of the policy, and requests to other hosts. */
  readonly faults: readonly string[];
}

/** visit opens a window of its own. Times on the page stand still until the test moves them. */
export async function visit(
  browser: Browser,
  baseUrl: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({
    baseURL: baseUrl,
    viewport: { width: 1100, height: 900 },
    ...options,
  });
  context.setDefaultTimeout(patienceMs);
  if (options.javaScriptEnabled !== false) await context.clock.install();
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("console", (message) => {
    // A refusal of the server is an answer, but the browser logs it as an error.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      faults.push(message.text());
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(baseUrl).origin) faults.push(`request to ${request.url()}`);
  });
  return { page, context, faults };
}

/** within gives what a browser answers, or fails with the question: Playwright sets no limit to a script or to the page's clock. */
export async function within<T>(what: string, answer: Promise<T>): Promise<T> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(() => limit.reject(new Error(`no answer of the browser: ${what}`)), patienceMs);
  try {
    return await Promise.race([answer, limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** ask runs a script in the page and gives its value. */
export function ask<T>(page: Page, script: string): Promise<T> {
  return within(script.slice(0, 60), page.evaluate<T>(script));
}

/** pass lets the page's time go on. */
export function pass(page: Page, ms: number): Promise<void> {
  return within(`${ms} ms of the page's time`, page.clock.runFor(ms));
}

/** shot keeps a picture of the whole page where `PAGE_SHOTS` names a folder. */
export async function shot(page: Page, name: string): Promise<void> {
  const folder = process.env["PAGE_SHOTS"];
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
