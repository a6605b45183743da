import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { ask, hasBrowser, openBrowser, pass, shot, type Visit, visit } from "./page_browser.ts";
import { faintTexts, movingParts, namelessControls, sidewaysPixels } from "./page_look.ts";

/** PageDesk is a teller with a page, and the hands that make things happen behind it. */
export interface PageDesk {
  readonly baseUrl: string;
  /** skyAddress gives a valid Skycoin address that nobody has used here. */
  skyAddress(): string;
  /** deposit pays to a deposit address, deep enough to be credited and paid out. */
  deposit(address: string): Promise<void>;
  /** confirm makes the payouts that were sent final. */
  confirm(): Promise<void>;
  close(): Promise<void>;
}

const testMs = 60_000;
/** A little more than the page's period. */
const periodMs = 6_000;
const phone = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

/** eventually lets the page's time go on until its text says what is awaited. */
export async function eventually({ page }: Visit, selector: string, text: string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (((await page.locator(selector).first().textContent()) ?? "").includes(text)) return;
    await pass(page, periodMs / 4);
    await Bun.sleep(50);
  }
  expect(await page.locator(selector).first().textContent()).toContain(text);
}

/** bindOn buys as a customer does and gives the deposit address that the page shows. */
export async function bindOn({ page }: Visit, sky: string, coin = "BTC"): Promise<string> {
  await page.goto("/");
  await page.fill("#skyaddr", sky);
  await page.check(`input[value=${coin}]`);
  await page.click("#bind button[type=submit]");
  await page.waitForURL(/\/status\?/);
  return (await page.textContent("#deposit-address")) ?? "";
}

/** pageSuite drives the page of any teller as customers do. */
export function pageSuite(name: string, open: () => Promise<PageDesk>): void {
  describe.skipIf(!hasBrowser())(name, () => {
    let browser: Browser;
    let desk: PageDesk;
    beforeAll(async () => {
      [browser, desk] = await Promise.all([openBrowser(), open()]);
    }, testMs);
    afterAll(async () => {
      await browser?.close();
      await desk?.close();
    }, testMs);

    const customer = async (run: (visit: Visit) => Promise<void>, options: BrowserContextOptions = {}) => {
      const one = await visit(browser, desk.baseUrl, options);
      try {
        await run(one);
        expect(one.faults).toEqual([]);
      } finally {
        await one.context.close();
      }
    };

    const buying = (options: BrowserContextOptions, label: string) => async () => {
      await customer(async (visitor) => {
        const { page, context } = visitor;
        await context.grantPermissions(["clipboard-read", "clipboard-write"]);
        const address = await bindOn(visitor, desk.skyAddress());
        expect(address).toMatch(/^[a-zA-Z0-9]{20,90}$/);
        await page.click("button[data-copy]");
        await page.locator("button[data-copy]", { hasText: "Copied" }).waitFor();
        expect(await ask(page, "navigator.clipboard.readText()")).toBe(address);
        expect(await page.getAttribute('a[href^="bitcoin:"]', "href")).toBe(`bitcoin:${address}`);
        await page.locator("svg.qr").waitFor();
        await eventually(visitor, ".headline", "Waiting for your deposit");
        await shot(page, `${label}-waiting`);
        await desk.deposit(address);
        await eventually(visitor, ".headline", "SKY sent");
        await shot(page, `${label}-sent`);
        await desk.confirm();
        await eventually(visitor, ".headline", "Done");
        expect(await page.textContent("#said")).toContain("Done");
        expect(await page.textContent("#deposit-address")).toBe(address);
        await shot(page, `${label}-done`);
      }, options);
    };
    test("a customer buys, and the page follows by itself", buying({}, "desktop"), testMs);
    test("the same on a phone at night", buying({ ...phone, colorScheme: "dark" }, "phone-dark"), testMs);

    test(
      "a customer buys without script",
      () =>
        customer(
          async (visitor) => {
            const { page } = visitor;
            const address = await bindOn(visitor, desk.skyAddress());
            expect(await page.locator("button[data-copy]").isVisible()).toBe(false);
            await page.locator("svg.qr").waitFor();
            await desk.deposit(address);
            const reads = async (text: string) =>
              (await page.reload(), await page.textContent(".headline"))?.includes(text);
            for (let i = 0; i < 100 && !(await reads("SKY sent")); i++) await Bun.sleep(100);
            await desk.confirm();
            for (let i = 0; i < 100 && !(await reads("Done")); i++) await Bun.sleep(100);
            expect(await page.textContent(".headline")).toBe("Done");
            expect(await page.textContent("#deposit-address")).toBe(address);
          },
          { javaScriptEnabled: false },
        ),
      testMs,
    );

    test(
      "a customer buys with the keyboard alone",
      () =>
        customer(async ({ page }) => {
          await page.goto("/");
          const focus = () =>
            ask(
              page,
              "document.activeElement.id || document.activeElement.value || document.activeElement.textContent",
            );
          await page.keyboard.press("Tab");
          expect(await focus()).toBe("Skip to content");
          await page.keyboard.press("Enter");
          await page.keyboard.press("Tab");
          expect(await focus()).toBe("skyaddr");
          await page.keyboard.type(desk.skyAddress());
          await page.keyboard.press("Enter");
          await page.waitForURL(/\/status\?/);
          expect(await page.textContent("#deposit-address")).not.toBe("");
        }),
      testMs,
    );

    test(
      "a wrong address is explained in place, and what was typed stays",
      () =>
        customer(async ({ page }) => {
          await page.goto("/");
          await page.fill("#skyaddr", "not an address");
          await page.click("#bind button[type=submit]");
          await page.locator(".alert").waitFor();
          expect(await page.textContent(".alert")).toContain("not a valid Skycoin address");
          expect(await page.textContent("#said")).toContain("not a valid Skycoin address");
          expect(new URL(page.url()).pathname).toBe("/");
          expect(await page.inputValue("#skyaddr")).toBe("not an address");
          expect(await ask(page, "document.activeElement.id")).toBe("skyaddr");
          await shot(page, "error");
        }),
      testMs,
    );

    test(
      "the browser remembers the purchase until it is told to forget",
      () =>
        customer(async (visitor) => {
          const { page } = visitor;
          const sky = desk.skyAddress();
          const address = await bindOn(visitor, sky);
          await page.goto("/");
          expect(await page.inputValue("#skyaddr")).toBe(sky);
          await shot(page, "remembered");
          await page.click("#resume a");
          expect(await page.textContent("#deposit-address")).toBe(address);
          await page.goto("/");
          await page.click("#resume button");
          expect(await page.locator("#resume").isVisible()).toBe(false);
          await page.reload();
          expect(await page.inputValue("#skyaddr")).toBe("");
          expect(await page.locator("#resume").isVisible()).toBe(false);
        }),
      testMs,
    );

    test(
      "who only knows the Skycoin address sees the progress and no deposit address",
      async () => {
        const sky = desk.skyAddress();
        let address = "";
        await customer(async (visitor) => {
          address = await bindOn(visitor, sky);
        });
        await customer(async ({ page }) => {
          await page.goto("/");
          await page.fill("#lookup", sky);
          await page.click("text=Check status");
          await page.waitForURL(/\/status\?/);
          expect(await page.textContent(".headline")).toContain("Waiting for your deposit");
          expect(await page.content()).not.toContain(address);
          await shot(page, "status");
        });
      },
      testMs,
    );

    for (const colorScheme of ["light", "dark"] as const) {
      test(
        `every text can be read and every control has a name, ${colorScheme}, on a desk and on a phone`,
        async () => {
          for (const [size, options] of [
            ["desktop", {}],
            ["phone", phone],
          ] as const) {
            await customer(
              async (visitor) => {
                const { page } = visitor;
                await bindOn(visitor, desk.skyAddress());
                for (const [label, path] of [
                  ["pay", page.url()],
                  ["home", "/"],
                  ["bad", "/status?skyaddr=abc"],
                ] as const) {
                  await page.goto(path);
                  expect({ label, faint: await faintTexts(page) }).toEqual({ label, faint: [] });
                  expect(await namelessControls(page)).toEqual([]);
                  expect({ label, sideways: await sidewaysPixels(page) }).toEqual({ label, sideways: 0 });
                  await shot(page, `${size}-${colorScheme}-${label}`);
                }
              },
              { ...options, colorScheme, reducedMotion: "reduce" },
            );
          }
        },
        testMs,
      );
    }

    test(
      "nothing moves for who wants no motion",
      () =>
        customer(
          async (visitor) => {
            await bindOn(visitor, desk.skyAddress());
            expect(await movingParts(visitor.page)).toBe(0);
          },
          { reducedMotion: "reduce" },
        ),
      testMs,
    );
  });
}
