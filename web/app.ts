/**
 * The page works without this script. With it, the form stays on the page when something is wrong,
 * the address can be copied with one tap, the progress comes by itself, and the browser remembers.
 */
import { enhanceCopy } from "./copy.ts";
import { enhanceForm } from "./form.ts";
import { follow } from "./live.ts";
import { rememberPurchase, showRemembered } from "./memory.ts";
import { localTimes } from "./times.ts";

function enhance(root: ParentNode): void {
  enhanceForm(root);
  enhanceCopy(root);
  localTimes(root);
  showRemembered(root);
}

/** What the server wrote, before the script changes a word of it. */
const written = document.getElementById("live")?.outerHTML ?? "";
rememberPurchase(document);
enhance(document);
void follow(written, enhance);
