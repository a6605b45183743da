import { html } from "hono/html";
import type { Desk, Offer, SoldCoin } from "./desk.ts";
import { alertBox, type Html, type Page, waitText } from "./page.ts";
import { texts } from "./texts.ts";

/** HomeInput is what the customer has filled in already, and what was wrong with it. */
export interface HomeInput {
  readonly skyaddr: string;
  readonly coin: string;
  readonly error: string | undefined;
  /** Which form the error belongs to. */
  readonly form: "bind" | "lookup";
}

/** noInput is the page of somebody who comes for the first time. */
export const noInput: HomeInput = { skyaddr: "", coin: "", error: undefined, form: "bind" };

/** How often a page that says "closed" looks whether that is still so. */
const closedRefreshSec = 60;

/** homePage is where a customer begins: the offer, the form, and the way to a purchase's status. */
export function homePage(desk: Desk, input: HomeInput): Page {
  const lookup = lookupForm(input);
  // Who looked something up should see what was wrong without having to scroll.
  const lookupFirst = input.form === "lookup" && input.error !== undefined;
  return {
    title: input.error === undefined ? texts.title.home : texts.title.problem,
    refreshSec: desk.closed === undefined ? undefined : closedRefreshSec,
    main: html`<section class="intro">
  <h1>${texts.home.heading}</h1>
  <p class="lead">${texts.home.lead(desk.offers.map((offer) => coinName(offer.coin)))}</p>
</section>
${lookupFirst ? lookup : ""}
${desk.closed === undefined ? bindForm(desk, input) : closedCard(desk.closed)}
${resume}
${how}
${lookupFirst ? "" : lookup}`,
  };
}

function closedCard(reason: NonNullable<Desk["closed"]>): Html {
  const { heading, text } = texts.closed[reason];
  return html`<section id="live" class="card closed" data-watch="/" data-every="${closedRefreshSec}" data-summary="${heading}">
  <h2>${heading}</h2>
  <p>${text}</p>
  <p class="quiet">${texts.closed.again}</p>
</section>`;
}

function bindForm(desk: Desk, input: HomeInput): Html {
  const error = input.form === "bind" ? input.error : undefined;
  const first = desk.offers.find((offer) => offer.coin === input.coin) ?? desk.offers[0];
  return html`<section id="live" class="card">
<form id="bind" method="post" action="/bind" novalidate>
  <div class="problem" id="bind-problem">${error === undefined ? "" : alertBox(error)}</div>
  ${addressField("skyaddr", input.form === "bind" ? input.skyaddr : "", error !== undefined)}
  <fieldset>
    <legend>${texts.home.coinLabel}</legend>
    <div class="coins">${desk.offers.map((offer) => coinChoice(offer, offer.coin === first?.coin))}</div>
  </fieldset>
  <button class="main" type="submit">${texts.home.submit}</button>
  <p class="facts">${desk.available === undefined ? "" : html`<span>${texts.home.available(desk.available)}</span>`}
  ${desk.maxBound === 0 ? "" : html`<span>${texts.home.limit(desk.maxBound)}</span>`}
  ${first?.rate === undefined ? "" : html`<span>${texts.home.rate}</span>`}</p>
</form>
</section>`;
}

function addressField(id: string, value: string, wrong: boolean): Html {
  return html`<div class="field">
  <label for="${id}">${texts.home.addressLabel}</label>
  <input id="${id}" name="skyaddr" value="${value}" required autocomplete="off" autocapitalize="none" spellcheck="false"
    maxlength="64" aria-describedby="${id}-hint bind-problem" ${wrong ? html`aria-invalid="true"` : ""}>
  <p class="hint" id="${id}-hint">${texts.home.addressHint}</p>
</div>`;
}

function coinChoice(offer: Offer, chosen: boolean): Html {
  const { coin, confirmations, minimum, rate } = offer;
  return html`<label class="coin">
  <input type="radio" name="coin_type" value="${coin}" ${chosen ? "checked" : ""}>
  <span class="coin-name">${coinName(coin)} <abbr>${coin}</abbr></span>
  <span class="coin-rate">${rate === undefined ? texts.coin.market : texts.coin.rate(coin, rate)}</span>
  <span class="coin-terms">${texts.coin.confirmations(confirmations)}${minimum === undefined ? "" : `, ${texts.coin.minimum(minimum, coin)}`}</span>
  ${behindNote(offer)}
</label>`;
}

/** behindNote warns that a coin's deposits will be seen late; empty while they are not. */
export function behindNote({ behind }: Offer): Html | string {
  if (behind === undefined) return "";
  return html`<span class="warn">${behind === "unknown" ? texts.coin.offline : texts.coin.behind(waitText(behind))}</span>`;
}

/** coinName is the coin's name for people. */
export function coinName(coin: SoldCoin): string {
  return texts.coin.names[coin];
}

/** The script fills this in and shows it, for who has bought on this device before. */
const resume = html`<section id="resume" class="card slim" hidden>
  <h2>${texts.home.resumeHeading}</h2>
  <p><code class="resume-address"></code></p>
  <p class="row"><a class="button" href="/">${texts.home.resumeLink}</a>
  <button type="button" class="plain">${texts.home.resumeForget}</button></p>
</section>`;

const how = html`<section class="how">
  <h2>${texts.how.heading}</h2>
  <ol>${texts.how.steps.map((step) => html`<li><h3>${step.title}</h3><p>${step.text}</p></li>`)}</ol>
</section>`;

function lookupForm(input: HomeInput): Html {
  const error = input.form === "lookup" ? input.error : undefined;
  return html`<section class="card slim">
<h2>${texts.home.lookupHeading}</h2>
<p>${texts.home.lookupLead}</p>
<form method="get" action="/status">
  <div class="problem" id="lookup-problem">${error === undefined ? "" : alertBox(error)}</div>
  <div class="joined">
    <label class="unseen" for="lookup">${texts.home.addressLabel}</label>
    <input id="lookup" name="skyaddr" value="${input.form === "lookup" ? input.skyaddr : ""}" required autocomplete="off"
      autocapitalize="none" spellcheck="false" maxlength="64" placeholder="${texts.home.addressLabel}"
      aria-describedby="lookup-problem" ${error === undefined ? "" : html`aria-invalid="true"`}>
    <button type="submit">${texts.home.lookupSubmit}</button>
  </div>
</form>
</section>`;
}
