import { say, text } from "./dom.ts";
import { rememberAddress } from "./memory.ts";

/** A bind takes milliseconds; who waits longer than this should hear that something is wrong. */
const patienceMs = 20_000;

/** enhanceForm sends the form without leaving the page, so that a typed address survives a bad network. */
export function enhanceForm(root: ParentNode): void {
  const form = root.querySelector<HTMLFormElement>("form#bind");
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit(form);
  });
}

async function submit(form: HTMLFormElement): Promise<void> {
  const button = form.querySelector<HTMLButtonElement>("button[type=submit]");
  if (button === null || button.getAttribute("aria-busy") === "true") return;
  const label = button.textContent;
  const rest = () => {
    button.removeAttribute("aria-busy");
    button.textContent = label;
  };
  button.setAttribute("aria-busy", "true");
  button.textContent = text("working");
  showProblem(form, "");
  const outcome = await send(form);
  if (outcome.location === undefined) {
    rest();
    return showProblem(form, outcome.message ?? text("offline"));
  }
  rememberAddress(String(new FormData(form).get("skyaddr") ?? "").trim());
  // The button stays busy until the page is gone, or a second tap would take a second address; who comes
  // back gets it as it was.
  addEventListener("pagehide", rest, { once: true });
  location.assign(outcome.location);
}

interface Outcome {
  readonly location?: string;
  readonly message?: string;
}

async function send(form: HTMLFormElement): Promise<Outcome> {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { Accept: "application/json" },
      body,
      signal: AbortSignal.timeout(patienceMs),
    });
    return await answer.json();
  } catch {
    return {};
  }
}

function showProblem(form: HTMLFormElement, message: string): void {
  const input = form.querySelector<HTMLInputElement>("input[name=skyaddr]");
  const place = form.querySelector<HTMLElement>(".problem");
  input?.removeAttribute("aria-invalid");
  place?.replaceChildren();
  if (message === "" || place === null) return;
  const alert = document.createElement("p");
  alert.className = "alert";
  alert.textContent = message;
  place.append(alert);
  say(message);
  input?.setAttribute("aria-invalid", "true");
  input?.focus();
}
