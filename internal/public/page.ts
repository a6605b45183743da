import { html, raw } from "hono/html";
import { texts } from "./texts.ts";

/** Html is a piece of a page; what is put into it was escaped. */
export type Html = ReturnType<typeof html>;

/** Page is one page before it is put into the shell. */
export interface Page {
  readonly title: string;
  readonly main: Html;
  /** Seconds after which a browser without script looks again; undefined for never. */
  readonly refreshSec?: number | undefined;
}

/** Shell is the page's frame, `web/index.html`, with places marked `{{title}}`, `{{head}}` and `{{body}}`. */
export type Shell = string;

/** renderPage puts a page into the shell. */
export async function renderPage(shell: Shell, { title, main, refreshSec }: Page): Promise<string> {
  const refresh = html`<noscript><meta http-equiv="refresh" content="${refreshSec}"></noscript>`;
  const parts: Readonly<Record<string, string>> = {
    language: texts.language,
    title: String(await html`${title}`),
    head: refreshSec === undefined ? "" : String(await refresh),
    body: String(await body(main)),
  };
  return shell.replaceAll(/\{\{(\w+)\}\}/g, (place, name: string) => parts[name] ?? place);
}

/** The texts that the script shows go along, so that they are in one catalogue and in the page's language. */
function body(main: Html): Html {
  return html`<a class="skip" href="#main">${texts.skipToContent}</a>
<header class="top">
  <a class="brand" href="/">${mark}<span>${texts.brand}</span></a>
</header>
<main id="main" tabindex="-1"
  data-copied="${texts.pay.copied}" data-copy-failed="${texts.pay.copyFailed}" data-working="${texts.working}"
  data-offline="${texts.errors.offline}" data-reconnecting="${texts.errors.reconnecting}">
${main}
</main>
<p id="said" class="unseen" role="status"></p>`;
}

/** The brand's mark, drawn here so that it takes the colours of the page. */
const mark = raw(
  '<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false"><circle class="mark-disc" cx="16" cy="16" r="15"/><path class="mark-line" d="M9.5 20.5h12a4 4 0 0 0 .6-7.95A6 6 0 0 0 10.6 13a3.8 3.8 0 0 0-1.1 7.5z"/></svg>',
);

/** waitText says how long something takes, for people. */
export function waitText(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return texts.wait.soon;
  return minutes < 90 ? texts.wait.minutes(minutes) : texts.wait.hours(Math.round(minutes / 60));
}

/** alertBox is a message that the customer has to see. */
export function alertBox(message: string): Html {
  return html`<p class="alert" role="alert">${message}</p>`;
}

/** timeText shows a time as UTC; the script turns it into the customer's own. */
export function timeText(unixSec: number): Html {
  const iso = new Date(unixSec * 1000).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace("T", " ")} UTC</time>`;
}
