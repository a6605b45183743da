import { pause, say, text } from "./dom.ts";

const shownMs = 2_500;

/** enhanceCopy shows the copy buttons, which would do nothing without script. */
export function enhanceCopy(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => void copy(button));
  }
}

async function copy(button: HTMLButtonElement): Promise<void> {
  const source = document.getElementById(button.dataset["copy"] ?? "");
  if (source === null) return;
  const label = button.dataset["label"] ?? button.textContent ?? "";
  button.dataset["label"] = label;
  const message = (await write(source)) ? text("copied") : text("copyFailed");
  button.textContent = message;
  say(message);
  await pause(shownMs);
  button.textContent = label;
}

/** The clipboard is only there on a secure origin; elsewhere selecting and the old command still work. */
async function write(source: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(source.textContent ?? "");
    return true;
  } catch {
    getSelection()?.selectAllChildren(source);
    return document.execCommand("copy");
  }
}
