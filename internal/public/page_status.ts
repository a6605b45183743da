import { html } from "hono/html";
import type { StatusRow } from "#internal/teller";
import type { Desk } from "./desk.ts";
import { alertBox, type Html, type Page, timeText } from "./page.ts";
import { behindNote, coinName } from "./page_home.ts";
import { paymentUri, qrPath } from "./qr.ts";
import type { Receipt } from "./receipt.ts";
import { texts } from "./texts.ts";

/** StatusInput is what the status page shows. */
export interface StatusInput {
  readonly skyaddr: string;
  readonly rows: readonly StatusRow[];
  /** The deposit address, for who has the link to it. */
  readonly receipt: Receipt | "expired" | undefined;
  readonly desk: Desk;
}

/** How often a page without script looks for news, and how often the script does. */
const refreshSec = 20;
const pollSec = 5;

/** statusPage shows where to pay, to who has the link, and how far every purchase of a Skycoin address is. */
export function statusPage(input: StatusInput): Page {
  const { receipt, rows } = input;
  const paying = receipt !== undefined && receipt !== "expired" ? receipt : undefined;
  const open = rows.length === 0 || rows.some((row) => row.status !== "done");
  return {
    title: paying === undefined ? texts.title.status : texts.title.pay(paying.coin),
    refreshSec: open ? refreshSec : undefined,
    main: html`${paying === undefined ? heading(input) : payCard(paying, input.desk)}
${progress(input, open)}
<p class="after"><a href="/?skyaddr=${encodeURIComponent(input.skyaddr)}">${texts.status.another}</a></p>`,
  };
}

function heading({ receipt, skyaddr }: StatusInput): Html {
  return html`<section class="intro">
  <h1>${texts.status.heading}</h1>
  <p class="lead"><code>${skyaddr}</code></p>
  <p class="quiet">${receipt === "expired" ? texts.status.expired : texts.status.noAddress}</p>
</section>`;
}

function payCard({ coin, address, skyaddr }: Receipt, desk: Desk): Html {
  const uri = paymentUri(coin, address);
  const { size, path } = qrPath(uri);
  return html`<section class="card pay" id="receipt" data-skyaddr="${skyaddr}">
  <h1>${texts.pay.heading(coinName(coin))}</h1>
  <div class="pay-body">
    <svg class="qr" viewBox="0 0 ${size} ${size}" role="img" aria-label="${texts.pay.qr(coinName(coin), address)}" shape-rendering="crispEdges">
      <path class="qr-paper" d="M0 0h${size}v${size}h-${size}z"/><path class="qr-ink" d="${path}"/>
    </svg>
    <div class="pay-text">
      <p class="deposit"><code id="deposit-address">${address}</code></p>
      <p class="row"><button type="button" class="main" data-copy="deposit-address" hidden>${texts.pay.copy}</button>
      <a class="button" href="${uri}">${texts.pay.open}</a></p>
      ${terms(coin, skyaddr, desk)}
    </div>
  </div>
  <p class="caution">${texts.pay.only[coin]}</p>
  <p class="quiet">${texts.pay.keep}</p>
</section>`;
}

function terms(coin: Receipt["coin"], skyaddr: string, desk: Desk): Html {
  const offer = desk.offers.find((each) => each.coin === coin);
  const row = (name: string, value: Html | string) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
  const to = row(texts.pay.forAddress, html`<code>${skyaddr}</code>`);
  if (offer === undefined) return html`<dl class="terms">${to}</dl>`;
  const { rate, minimum, confirmations } = offer;
  return html`<dl class="terms">
  ${row(texts.pay.price, rate === undefined ? texts.coin.market : texts.coin.rate(coin, rate))}
  ${row(texts.pay.wait, texts.coin.confirmations(confirmations))}
  ${minimum === undefined ? "" : row(texts.pay.minimum, texts.coin.minimum(minimum, coin))}
  ${to}
</dl>${behindNote(offer)}`;
}

function progress({ skyaddr, rows, desk }: StatusInput, open: boolean): Html {
  const newestFirst = [...rows].sort((a, b) => b.seq - a.seq);
  const watch = `/api/status?skyaddr=${encodeURIComponent(skyaddr)}`;
  const [newest] = [...rows].sort((a, b) => b.updated_at - a.updated_at);
  const summary =
    newest === undefined ? texts.status.none : `${texts.status.purchase(newest.seq)}: ${headlineOf(newest)}`;
  return html`<section id="live" class="progress" data-watch="${watch}" ${open ? html`data-every="${pollSec}"` : ""} data-summary="${summary}">
  <h2>${texts.status.progressHeading}</h2>
  ${desk.delayed && open ? alertBox(texts.status.delayed) : ""}
  ${rows.length === 0 ? html`<p class="quiet">${texts.status.none}</p>` : ""}
  ${newestFirst.map(purchase)}
  ${open ? html`<p class="quiet" id="live-note">${texts.status.live}</p>` : ""}
</section>`;
}

function purchase(row: StatusRow): Html {
  return html`<article class="card purchase" data-status="${row.status}">
  <header><h3>${texts.status.purchase(row.seq)} <abbr>${row.coin_type}</abbr></h3>
  <p class="quiet">${texts.status.updated} ${timeText(row.updated_at)}</p></header>
  <p class="headline">${headlineOf(row)}</p>
  ${confirmationBar(row)}
  ${steps(stepOf(row))}
  ${row.status === "done" ? html`<p class="quiet">${texts.status.doneText}</p>` : ""}
</article>`;
}

/** seen gives the confirmations of a deposit that is in a block but not deep enough. */
function seen({
  status,
  confirmations,
  confirmations_required,
}: StatusRow): readonly [number, number] | undefined {
  if (status !== "waiting_deposit" || confirmations === undefined || confirmations_required === undefined)
    return undefined;
  return [confirmations, confirmations_required];
}

/** headlineOf says in a few words how far a purchase is. */
export function headlineOf(row: StatusRow): string {
  const depth = seen(row);
  return depth === undefined ? texts.status.headline[row.status] : texts.status.seen(...depth);
}

function confirmationBar(row: StatusRow): Html | string {
  const [n, of] = seen(row) ?? [];
  if (n === undefined || of === undefined) return "";
  return html`<progress max="${of}" value="${n}" aria-label="${texts.status.seen(n, of)}"></progress>`;
}

/** stepOf gives how many of the page's steps are behind a purchase. */
export function stepOf(row: StatusRow): number {
  if (row.status === "waiting_deposit") return seen(row) === undefined ? 0 : 1;
  if (row.status === "waiting_confirm") return 3;
  return row.status === "done" ? texts.status.steps.length : 2;
}

function steps(behind: number): Html {
  return html`<ol class="steps">${texts.status.steps.map(
    (name, i) =>
      html`<li class="${i < behind ? "past" : i === behind ? "now" : "next"}" ${i === behind ? html`aria-current="step"` : ""}>${name}</li>`,
  )}</ol>`;
}
