import type { Page } from "playwright-core";
import { ask } from "./page_browser.ts";

/** The least contrast of text that WCAG 2.2 (1.4.3, level AA) allows. */
const leastContrast = 4.5;

/** faintTexts lists the visible texts of a page whose contrast with their ground is too low. */
export function faintTexts(page: Page): Promise<string[]> {
  return ask(
    page,
    `(() => {
    const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
      .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = (element) => {
      for (let e = element; e !== null; e = e.parentElement) {
        const color = parse(getComputedStyle(e).backgroundColor);
        if (color.length === 3 || color[3] === 1) return color;
      }
      return [255, 255, 255];
    };
    const faint = [];
    for (const element of document.body.querySelectorAll("*")) {
      const text = element.matches("input") ? element.value || element.placeholder
        : [...element.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.trim()).join("");
      if (text === "" || !element.checkVisibility() || element.closest(".unseen, .skip, noscript")) continue;
      const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
      const contrast = (a + 0.05) / (b + 0.05);
      if (contrast < ${leastContrast}) faint.push(contrast.toFixed(2) + " " + text);
    }
    return faint;
  })()`,
  );
}

/** namelessControls lists fields, buttons and pictures without a name that a screen reader could say. */
export function namelessControls(page: Page): Promise<string[]> {
  return ask(
    page,
    `[...document.querySelectorAll("input, button, a, svg:not([aria-hidden])")]
    .filter((e) => !(e.labels?.length > 0 || e.getAttribute("aria-label") || e.textContent.trim() !== ""))
    .map((e) => e.outerHTML.slice(0, 100))`,
  );
}

/** sidewaysPixels is how far a page can be scrolled to the side: on a phone that must be nothing. */
export function sidewaysPixels(page: Page): Promise<number> {
  return ask(page, "document.documentElement.scrollWidth - document.documentElement.clientWidth");
}

/** movingParts is the number of animations that run. */
export function movingParts(page: Page): Promise<number> {
  return ask(page, "document.getAnimations().length");
}
