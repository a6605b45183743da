import { nextPause } from "./backoff.ts";
import { pause, say, text } from "./dom.ts";

const patienceMs = 15_000;

/** Look is what one look at the server gave. */
interface Look {
  /** The answer's text, or undefined where there was none that counts. */
  readonly text: string | undefined;
  readonly retryAfterSec: number;
}

/**
 * follow keeps the live part of the page up to date: it asks the small question (`data-watch`) every
 * `data-every` seconds, and takes the live part of the whole page anew when the answer has changed. It
 * rests while the page is hidden and ends when the new part no longer says how often. `shown` is the
 * live part as the server wrote it.
 */
export async function follow(shown: string, enhance: (root: ParentNode) => void): Promise<void> {
  const page = { shown };
  let known: string | undefined;
  let failures = 0;
  let retryAfterSec = 0;
  for (let first = true; ; first = false) {
    const live = document.getElementById("live");
    const every = Number(live?.dataset["every"] ?? 0) * 1000;
    if (live === null || !(every > 0)) return;
    // The first look comes at once: something may have happened since the page was written.
    if (!first) await rest(nextPause(every, failures, retryAfterSec, Math.random()));
    await visible();
    const look = await ask(live.dataset["watch"] ?? "/");
    retryAfterSec = look.retryAfterSec;
    const done = look.text !== undefined && (look.text === known || (await renew(live, page, enhance)));
    if (done) known = look.text;
    failures = done ? 0 : failures + 1;
    showTrouble(failures > 1);
  }
}

async function ask(url: string): Promise<Look> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(patienceMs) });
    const retryAfterSec = Number(answer.headers.get("Retry-After") ?? 0) || 0;
    return { text: answer.ok ? await answer.text() : undefined, retryAfterSec };
  } catch {
    return { text: undefined, retryAfterSec: 0 };
  }
}

/** renew puts the live part of the page as it is now on the server in the place of the old one, if it differs. */
async function renew(
  live: HTMLElement,
  page: { shown: string },
  enhance: (root: ParentNode) => void,
): Promise<boolean> {
  const { text: html } = await ask(location.href);
  if (html === undefined) return false;
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("live");
  if (fresh === null) return false;
  if (fresh.outerHTML === page.shown) return true;
  page.shown = fresh.outerHTML;
  const news = fresh.dataset["summary"] ?? "";
  if (news !== live.dataset["summary"]) say(news);
  const adopted = document.adoptNode(fresh);
  enhance(adopted);
  live.replaceWith(adopted);
  return true;
}

/** showTrouble says that answers do not come, once that is more than a hiccup. */
function showTrouble(trouble: boolean): void {
  const note = document.getElementById("live-note");
  if (note === null) return;
  note.dataset["calm"] ??= note.textContent ?? "";
  const message = trouble ? text("reconnecting") : (note.dataset["calm"] ?? "");
  if (note.textContent !== message) note.textContent = message;
  note.classList.toggle("warn", trouble);
}

/** rest waits, or less where there is a reason to look early: the page is shown again, or the network is back. */
async function rest(ms: number): Promise<void> {
  const over = new AbortController();
  const woken = new Promise<void>((resolve) => {
    const options = { once: true, signal: over.signal };
    addEventListener("online", () => resolve(), options);
    document.addEventListener("visibilitychange", () => resolve(), options);
  });
  await pause(ms, woken);
  over.abort();
}

/** visible waits until the page is seen: nobody pays for looks that nobody sees. */
function visible(): Promise<void> {
  if (document.visibilityState === "visible") return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (document.visibilityState !== "visible") return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
  });
}
