/**
 * What the browser remembers: the Skycoin address last used and the link to its deposit address.
 * Nothing of it leaves the device, and nothing depends on it: storage may be off.
 */
const addressKey = "teller.skyaddr";
const linkKey = "teller.purchase";

function read(key: string): string {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

function write(key: string, value: string): void {
  try {
    if (value === "") localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // A browser that keeps nothing is as good.
  }
}

/** rememberAddress keeps the Skycoin address that a customer used. */
export function rememberAddress(address: string): void {
  write(addressKey, address);
}

/** rememberPurchase keeps the link of a page that shows a deposit address. */
export function rememberPurchase(root: ParentNode): void {
  const receipt = root.querySelector<HTMLElement>("#receipt");
  if (receipt === null) return;
  rememberAddress(receipt.dataset["skyaddr"] ?? "");
  write(linkKey, location.pathname + location.search);
}

/** showRemembered fills in the address and offers the way back to the last purchase. */
export function showRemembered(root: ParentNode): void {
  const address = read(addressKey);
  const link = read(linkKey);
  for (const input of root.querySelectorAll<HTMLInputElement>("input[name=skyaddr]")) {
    if (input.value === "") input.value = address;
  }
  const resume = root.querySelector<HTMLElement>("#resume");
  // Only a link of ours: storage is no place to take a foreign one from.
  if (resume === null || !link.startsWith("/status?")) return;
  const anchor = resume.querySelector("a");
  const code = resume.querySelector("code");
  if (anchor === null || code === null) return;
  anchor.href = link;
  code.textContent = address;
  resume.hidden = false;
  resume.querySelector("button")?.addEventListener("click", () => forget(resume));
}

function forget(resume: HTMLElement): void {
  write(addressKey, "");
  write(linkKey, "");
  resume.hidden = true;
  for (const input of document.querySelectorAll<HTMLInputElement>("input[name=skyaddr]")) input.value = "";
  document.querySelector<HTMLInputElement>("input[name=skyaddr]")?.focus();
}
