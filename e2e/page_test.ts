import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { Browser } from "playwright-core";
import { ask, browserPath, openBrowser, pass, shot, type Visit, visit } from "./page_browser.ts";
import { type FakeDesk, openFakeDesk } from "./page_fake_desk.ts";
import { bindOn, eventually, pageSuite } from "./page_suite.ts";

pageSuite("the page on a fake teller", openFakeDesk);

const testMs = 60_000;

describe.skipIf(!existsSync(browserPath))("what only a fake teller can show", () => {
  let browser: Browser;
  let desk: FakeDesk;
  beforeAll(async () => {
    [browser, desk] = await Promise.all([openBrowser(), openFakeDesk()]);
  }, testMs);
  afterAll(async () => {
    await browser?.close();
    await desk?.close();
  }, testMs);

  const customer = async (run: (visit: Visit) => Promise<void>) => {
    const one = await visit(browser, desk.baseUrl);
    try {
      await run(one);
      expect(one.faults).toEqual([]);
    } finally {
      await one.context.close();
    }
  };

  test(
    "confirmations are counted up on the page",
    () =>
      customer(async (visitor) => {
        const sky = desk.skyAddress();
        await bindOn(visitor, sky);
        for (const confirmations of [1, 2]) {
          desk.teller.change(sky, 1, { confirmations, confirmations_required: 3 });
          await eventually(visitor, ".headline", `Deposit seen: ${confirmations} of 3 confirmations`);
          expect(await visitor.page.getAttribute("progress", "value")).toBe(String(confirmations));
        }
        await shot(visitor.page, "confirmations");
        desk.teller.change(sky, 1, { status: "waiting_decide" });
        await eventually(visitor, ".headline", "Deposit confirmed");
        expect(await visitor.page.locator("progress").count()).toBe(0);
      }),
    testMs,
  );

  test(
    "a page whose network is gone says so, and goes on when it is back",
    () =>
      customer(async (visitor) => {
        const { page } = visitor;
        const sky = desk.skyAddress();
        await bindOn(visitor, sky);
        await page.route("**/api/status?*", (route) => route.abort());
        await eventually(visitor, "#live-note", "No connection");
        await shot(page, "no-connection");
        await page.unroute("**/api/status?*");
        desk.teller.change(sky, 1, { status: "done" });
        await eventually(visitor, ".headline", "Done");
      }),
    testMs,
  );

  test(
    "a form that does not get through says so, and works at the next try",
    () =>
      customer(async ({ page }) => {
        await page.route("**/bind", (route) => route.abort());
        await page.goto("/");
        await page.fill("#skyaddr", desk.skyAddress());
        await page.click("#bind button[type=submit]");
        await page.locator(".alert").waitFor();
        expect(await page.textContent(".alert")).toContain("No connection");
        await page.unroute("**/bind");
        await page.click("#bind button[type=submit]");
        await page.waitForURL(/\/status\?/);
      }),
    testMs,
  );

  test(
    "a closed desk says why, and opens by itself",
    () =>
      customer(async (visitor) => {
        const { page } = visitor;
        desk.teller.settings.enabled = false;
        try {
          await page.goto("/");
          expect(await page.textContent("#live h2")).toBe("Sales are closed");
          await shot(page, "closed");
        } finally {
          desk.teller.settings.enabled = true;
        }
        for (let i = 0; i < 50 && (await page.locator("#bind").count()) === 0; i++) {
          await pass(page, 20_000);
          await Bun.sleep(20);
        }
        await page.fill("#skyaddr", desk.skyAddress());
        await page.click("#bind button[type=submit]");
        await page.waitForURL(/\/status\?/);
      }),
    testMs,
  );

  test(
    "a finished page asks no more",
    () =>
      customer(async (visitor) => {
        const { page } = visitor;
        const sky = desk.skyAddress();
        await bindOn(visitor, sky);
        desk.teller.change(sky, 1, { status: "done" });
        await eventually(visitor, ".headline", "Done");
        let asked = 0;
        page.on("request", () => asked++);
        await pass(page, 300_000);
        await Bun.sleep(100);
        expect(asked).toBe(0);
      }),
    testMs,
  );

  test(
    "a hidden page asks nothing, and looks at once when it is seen again",
    () =>
      customer(async (visitor) => {
        const { page } = visitor;
        const sky = desk.skyAddress();
        await bindOn(visitor, sky);
        await eventually(visitor, ".headline", "Waiting");
        const show = (state: string) =>
          ask(
            page,
            `Object.defineProperty(document, "visibilityState", { value: "${state}", configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));`,
          );
        await show("hidden");
        await pass(page, 30_000);
        let asked = 0;
        page.on("request", () => asked++);
        await pass(page, 300_000);
        await Bun.sleep(100);
        expect(asked).toBe(0);
        desk.teller.change(sky, 1, { status: "waiting_confirm" });
        await show("visible");
        await page.locator(".headline", { hasText: "SKY sent" }).waitFor();
      }),
    testMs,
  );
});
