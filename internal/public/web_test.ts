import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Desk, openDesk } from "./testdesk.ts";
import { btcAddresses, ethAddresses, goodAddresses } from "./testteller.ts";
import { texts } from "./texts.ts";

const [good, another] = goodAddresses;
const [btc = ""] = btcAddresses;

function bind({ app }: Desk, fields: Record<string, string>, headers: Record<string, string> = {}) {
  return app.request("/bind", { method: "POST", body: new URLSearchParams(fields), headers });
}

async function linkFor(desk: Desk, coin = "BTC", skyaddr: string = good): Promise<string> {
  const answer = await bind(desk, { skyaddr, coin_type: coin });
  expect(answer.status).toBe(303);
  return answer.headers.get("location") ?? "";
}

async function read({ app }: Desk, path: string): Promise<{ status: number; html: string }> {
  const answer = await app.request(path);
  expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
  return { status: answer.status, html: await answer.text() };
}

test("a form post binds and leads to a page with address, QR code and terms", async () => {
  const desk = await openDesk();
  const link = await linkFor(desk);
  expect(link).toStartWith(`/status?skyaddr=${good}&receipt=`);
  const { status, html } = await read(desk, link);
  expect(status).toBe(200);
  expect(html).toContain(`<code id="deposit-address">${btc}</code>`);
  expect(html).toContain(`href="bitcoin:${btc}"`);
  expect(html).toMatch(
    /<svg class="qr"[^>]*role="img"[^>]*>\s*<path class="qr-paper"[^>]*><path class="qr-ink" d="M\d+ \d+h/,
  );
  expect(html).toContain("1 BTC = 500 SKY");
  expect(html).toContain("3 confirmations");
  expect(html).toContain(texts.pay.only.BTC);
  expect(html).toContain(texts.status.headline.waiting_deposit);
});

test("Ether has its own scheme and its own caution", async () => {
  const desk = await openDesk();
  const { html } = await read(desk, await linkFor(desk, "ETH"));
  expect(html).toContain(`href="ethereum:${ethAddresses[0]}"`);
  expect(html).toContain(texts.pay.only.ETH);
});

test("white space that was copied along does no harm to a customer", async () => {
  const desk = await openDesk();
  expect(await linkFor(desk, "BTC", ` ${good}\r\n`)).toStartWith(`/status?skyaddr=${good}&`);
});

test("the link shows the address again and again, and costs no other address", async () => {
  const desk = await openDesk();
  const link = await linkFor(desk);
  for (let i = 0; i < 3; i++) expect((await read(desk, link)).html).toContain(btc);
  expect(desk.teller.pools["BTC"]).toHaveLength(btcAddresses.length - 1);
});

test("without the link, or with one that was tampered with, nothing shows the address", async () => {
  const desk = await openDesk();
  const link = await linkFor(desk);
  const receipt = new URLSearchParams(link.split("?")[1]).get("receipt") ?? "";
  const forged = receipt.replace(btc, btcAddresses[3] ?? "");
  const tries = [
    `/status?skyaddr=${good}`,
    `/status?skyaddr=${good}&receipt=`,
    `/status?skyaddr=${another}&receipt=${receipt}`,
    `/status?skyaddr=${good}&receipt=${forged}`,
    `/status?skyaddr=${good}&receipt=${receipt.slice(0, -1)}`,
    `/status?skyaddr=${good}&receipt=${"x".repeat(10_000)}`,
  ];
  for (const path of tries) {
    const { status, html } = await read(desk, path);
    expect(status).toBe(200);
    expect(html).not.toContain(`id="receipt"`);
    expect(html).not.toContain(btc);
    expect(html).not.toContain(btcAddresses[3] ?? "");
  }
});

test("a link of another desk, or of another key, shows nothing", async () => {
  const link = await linkFor(await openDesk({ linkKey: new Uint8Array(32).fill(8) }));
  expect((await read(await openDesk(), link)).html).not.toContain(btc);
});

test("after a week the link still shows the progress, and says why there is no address", async () => {
  const desk = await openDesk();
  const link = await linkFor(desk);
  await desk.clock.advance(7 * 24 * 3600_000);
  expect((await read(desk, link)).html).toContain(btc);
  await desk.clock.advance(2_000);
  const { html } = await read(desk, link);
  expect(html).not.toContain(btc);
  expect(html).toContain(texts.status.expired);
  expect(html).toContain(texts.status.headline.waiting_deposit);
});

test.each([
  { name: "nothing filled in", fields: {}, status: 400, text: texts.errors.missingAddress },
  {
    name: "a bad address",
    fields: { skyaddr: "abc", coin_type: "BTC" },
    status: 400,
    text: texts.errors.invalidAddress,
  },
  { name: "no coin", fields: { skyaddr: good }, status: 400, text: texts.errors.missingCoin },
  {
    name: "an unknown coin",
    fields: { skyaddr: good, coin_type: "X" },
    status: 400,
    text: texts.errors.missingCoin,
  },
  {
    name: "a coin that is off",
    fields: { skyaddr: good, coin_type: "SKY" },
    status: 400,
    text: texts.errors.coinDisabled("SKY"),
  },
])("$name gives the page again, in words, with what was typed", async ({ fields, status, text }) => {
  const desk = await openDesk();
  const answer = await bind(desk, { ...fields });
  const html = await answer.text();
  expect([answer.status, html.includes(text)]).toEqual([status, true]);
  const typed = new URLSearchParams({ ...fields }).get("skyaddr") ?? "";
  expect(html).toContain(`name="skyaddr" value="${typed}"`);
  expect(html).toContain(`role="alert"`);
  expect(html).toContain(`aria-invalid="true"`);
});

test("what cannot be served now is said in words", async () => {
  const desk = await openDesk();
  const said = async () => {
    const answer = await bind(desk, { skyaddr: good, coin_type: "BTC" }, { Accept: "application/json" });
    return [answer.status, await answer.json()];
  };
  desk.teller.ready = false;
  expect(await said()).toEqual([503, { message: texts.errors.notReady }]);
  desk.teller.ready = true;
  desk.teller.settings.max_bound_addrs = 1;
  await linkFor(desk);
  expect(await said()).toEqual([403, { message: texts.errors.limit }]);
  desk.teller.settings.max_bound_addrs = 5;
  desk.teller.pools["BTC"] = [];
  expect(await said()).toEqual([503, { message: texts.errors.empty }]);
  desk.teller.settings.enabled = false;
  expect(await said()).toEqual([403, { message: texts.errors.disabled }]);
});

test("the page's script gets the way to go instead of a redirect", async () => {
  const desk = await openDesk();
  const answer = await bind(desk, { skyaddr: good, coin_type: "BTC" }, { Accept: "application/json" });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({
    location: expect.stringContaining(`/status?skyaddr=${good}&receipt=`),
  });
});

test("a form from another site takes no address", async () => {
  const desk = await openDesk();
  const fields = { skyaddr: good, coin_type: "BTC" };
  expect((await bind(desk, fields, { Origin: "https://evil.example" })).status).toBe(403);
  expect((await bind(desk, fields, { "Sec-Fetch-Site": "cross-site" })).status).toBe(403);
  expect(desk.teller.pools["BTC"]).toHaveLength(btcAddresses.length);
});

test("a form of another kind, or too long a one, is refused", async () => {
  const { app } = await openDesk();
  const send = async (body: NonNullable<RequestInit["body"]>, type: string) =>
    (await app.request("/bind", { method: "POST", body, headers: { "Content-Type": type } })).status;
  expect(await send("{}", "application/json")).toBe(415);
  const form = `skyaddr=${"x".repeat(17_000)}`;
  expect(await send(form, "application/x-www-form-urlencoded")).toBe(413);
  expect(await send(new Blob([form]).stream(), "application/x-www-form-urlencoded")).toBe(413);
});

test("the form counts as an API call does, and being too quick is said in words", async () => {
  const desk = await openDesk({ throttle: { max: 1, durationMs: 60_000 } });
  await linkFor(desk);
  const refused = await bind(desk, { skyaddr: good, coin_type: "BTC" });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
  expect(await refused.text()).toContain(texts.errors.tooMany);
  const api = await desk.app.request("/api/bind", { method: "POST", body: "{}" });
  expect([api.status, await api.text()]).toEqual([429, "You have reached maximum request limit."]);
  const script = await bind(desk, { skyaddr: good, coin_type: "BTC" }, { Accept: "application/json" });
  expect(await script.json()).toEqual({ message: texts.errors.tooMany });
  await desk.app.request(`/status?skyaddr=${good}`);
  expect((await desk.app.request(`/api/status?skyaddr=${good}`)).status).toBe(429);
});

test("nothing that a customer types becomes part of the page's markup", async () => {
  const desk = await openDesk();
  const nasty = `"><script>alert(1)</script><img src=x onerror=alert(2)>'`;
  const pages = [
    await desk.app.request(`/?skyaddr=${encodeURIComponent(nasty)}&coin_type=${encodeURIComponent(nasty)}`),
    await desk.app.request(
      `/status?skyaddr=${encodeURIComponent(nasty)}&receipt=${encodeURIComponent(nasty)}`,
    ),
    await bind(desk, { skyaddr: nasty, coin_type: nasty }),
    await bind(desk, { skyaddr: good, coin_type: nasty }),
  ];
  for (const page of pages) {
    const html = await page.text();
    expect(html).not.toContain("<script>alert");
    expect(html).not.toContain("<img");
    expect(html).not.toContain("{{");
  }
});

test("a place of the shell that a customer types is not filled in", async () => {
  const html = (await read(await openDesk(), `/?skyaddr=${encodeURIComponent("{{head}}{{body}}$&")}`)).html;
  expect(html).toContain(`value="{{head}}{{body}}$&amp;"`);
});

test("every page has a strict policy, nothing inline, and only files that are there", async () => {
  const desk = await openDesk();
  for (const path of ["/", `/status?skyaddr=${good}`, "/status", await linkFor(desk)]) {
    const answer = await desk.app.request(path);
    const html = await answer.text();
    expect(answer.headers.get("content-security-policy")).not.toContain("unsafe");
    expect(html).not.toMatch(/<style|<script(?![^>]*\bsrc=)|\sstyle="|\son\w+="/);
    const files = [...html.matchAll(/(?:src|href)="(\/[^"?]*\.(?:js|css|svg))"/g)].map(
      (match) => match[1] ?? "",
    );
    expect(files).toHaveLength(3);
    for (const file of files) expect((await desk.app.request(file)).status).toBe(200);
  }
});

test("a page without script looks again by itself while there is something to wait for", async () => {
  const desk = await openDesk();
  const refresh = /<noscript><meta http-equiv="refresh" content="\d+"><\/noscript>/;
  expect((await read(desk, "/")).html).not.toMatch(refresh);
  const link = await linkFor(desk);
  expect((await read(desk, link)).html).toMatch(refresh);
  desk.teller.change(good, 1, { status: "done" });
  const { html } = await read(desk, link);
  expect(html).not.toMatch(refresh);
  expect(html).not.toContain("data-every");
  desk.teller.settings.enabled = false;
  expect((await read(desk, "/")).html).toMatch(refresh);
});

test("only coins that are sold are offered, the wished one chosen", async () => {
  const desk = await openDesk();
  const offered = async (path = "/") =>
    [...(await read(desk, path)).html.matchAll(/value="(\w+)" (checked)?/g)].map((match) =>
      match.slice(1, 3).join(" ").trim(),
    );
  expect(await offered()).toEqual(["BTC checked", "ETH"]);
  expect(await offered("/?coin_type=ETH")).toEqual(["BTC", "ETH checked"]);
  desk.teller.settings.deposits.btc.enabled = false;
  expect(await offered()).toEqual(["ETH checked"]);
});

test("closed, sold out and behind are told before anybody pays", async () => {
  const desk = await openDesk();
  const { teller, clock } = desk;
  const html = async () => (await read(desk, "/")).html;
  expect(await html()).toContain("12,500 SKY available");
  const health = teller.state;
  const now = Math.floor(clock.now() / 1000);
  teller.state = {
    ...health,
    exchange: { ...health.exchange, sender_error: "no unspents", sender_error_since: now - 59 },
  };
  expect(await html()).toContain(`id="bind"`);
  teller.state = {
    ...health,
    exchange: { ...health.exchange, sender_error: "no unspents", sender_error_since: now - 60 },
  };
  expect(await html()).toContain(texts.closed.sold_out.heading);
  expect(await html()).not.toContain(`id="bind"`);
  await linkFor(desk);
  expect((await read(desk, `/status?skyaddr=${good}`)).html).toContain(texts.status.delayed);
  const scanner = {
    ...health.scanners["BTC"],
    enabled: true,
    ok: false,
    height: 1,
    tip: 2,
    blocks_per_second: 1,
    error: "",
    error_since: 0,
  };
  teller.state = { ...health, scanners: { BTC: { ...scanner, seconds_left: 1300 } } };
  expect(await html()).toContain(texts.coin.behind("about 22 minutes"));
  teller.state = {
    ...health,
    scanners: { btc: { ...scanner, seconds_left: 0, error: "connection refused to 10.0.0.3" } },
  };
  expect(await html()).toContain(texts.coin.offline);
  expect(await html()).not.toContain("10.0.0.3");
  teller.state = health;
  teller.settings.enabled = false;
  expect(await html()).toContain(texts.closed.disabled.heading);
});

test("passthrough shows the market price and the minimum", async () => {
  const desk = await openDesk();
  desk.teller.settings.buy_method = "passthrough";
  const { html } = await read(desk, "/");
  expect(html).toContain(texts.coin.market);
  expect(html).toContain("at least 0.005 BTC");
  expect(html).not.toContain("= 500 SKY");
  expect(html).not.toContain(texts.home.rate);
});

test("each status is shown in words and as a step", async () => {
  const desk = await openDesk();
  const link = await linkFor(desk);
  const stages = [
    { to: { status: "waiting_deposit" }, text: texts.status.headline.waiting_deposit, past: 0 },
    {
      to: { confirmations: 2, confirmations_required: 3 },
      text: "Deposit seen: 2 of 3 confirmations",
      past: 1,
    },
    { to: { status: "waiting_decide" }, text: texts.status.headline.waiting_decide, past: 2 },
    { to: { status: "waiting_passthrough" }, text: texts.status.headline.waiting_passthrough, past: 2 },
    {
      to: { status: "waiting_passthrough_order_complete" },
      text: texts.status.headline.waiting_passthrough,
      past: 2,
    },
    { to: { status: "waiting_send" }, text: texts.status.headline.waiting_send, past: 2 },
    { to: { status: "waiting_confirm" }, text: texts.status.headline.waiting_confirm, past: 3 },
    { to: { status: "done" }, text: texts.status.headline.done, past: 4 },
  ] as const;
  for (const { to, text, past } of stages) {
    desk.teller.change(good, 1, to);
    const { html } = await read(desk, link);
    expect(html).toContain(`<p class="headline">${text}</p>`);
    expect(html.match(/<li class="past"/g)?.length ?? 0).toBe(past);
    expect(html.match(/aria-current="step"/g)?.length ?? 0).toBe(past === 4 ? 0 : 1);
  }
});

test("the newest purchase comes first", async () => {
  const desk = await openDesk();
  for (let i = 0; i < 3; i++) await linkFor(desk);
  const { html } = await read(desk, `/status?skyaddr=${good}`);
  expect([...html.matchAll(/<h3>Purchase (\d)/g)].map((match) => match[1])).toEqual(["3", "2", "1"]);
});

test("a look-up of a bad address gives the page with the reason", async () => {
  const desk = await openDesk();
  const bad = await read(desk, "/status?skyaddr=abc");
  expect([bad.status, bad.html.includes(texts.errors.invalidAddress)]).toEqual([400, true]);
  expect(bad.html.indexOf(`id="lookup"`)).toBeLessThan(bad.html.indexOf(`id="bind"`));
  const none = await read(desk, "/status");
  expect([none.status, none.html.includes(texts.errors.missingAddress)]).toEqual([400, true]);
});

test("an address of the form's answer that is asked for again leads home", async () => {
  const answer = await (await openDesk()).app.request("/bind");
  expect([answer.status, answer.headers.get("location")]).toEqual([303, "/"]);
});

test("a folder of the operator takes the place of the page, and the API stays", async () => {
  const folder = await mkdtemp(join(tmpdir(), "public-static-"));
  try {
    await Bun.write(join(folder, "index.html"), "<h1>own front end</h1>");
    await Bun.write(join(folder, "own.js"), "1");
    const desk = await openDesk({ staticDir: folder });
    expect((await read(desk, "/")).html).toBe("<h1>own front end</h1>");
    expect((await desk.app.request("/own.js")).status).toBe(200);
    expect((await desk.app.request("/api/config")).status).toBe(200);
    expect((await desk.app.request("/api/none")).status).toBe(404);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
