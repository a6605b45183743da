import type { Context, Hono, MiddlewareHandler } from "hono";
import type { Clock } from "#internal/clock";
import { bodyText, fail, type HttpEnv, isForm, page, sameOrigin } from "#internal/httpd";
import type { Teller } from "#internal/teller";
import { bind, type Refused, trimmed } from "./bind.ts";
import { deskOf, soldCoins } from "./desk.ts";
import { type Page, renderPage } from "./page.ts";
import { type HomeInput, homePage, noInput } from "./page_home.ts";
import { statusPage } from "./page_status.ts";
import type { Receipts } from "./receipt.ts";
import { texts } from "./texts.ts";

/** WebParts are what the customers' page needs. */
export interface WebParts {
  readonly teller: Teller;
  readonly clock: Clock;
  readonly shell: string;
  readonly receipts: Receipts;
  readonly behindProxy: boolean;
  /** Make a middleware that counts with the API's requests of the same kind; what it is given writes the refusal. */
  readonly throttleBind: Throttle;
  readonly throttleStatus: Throttle;
}

type Refusal = (c: Context<HttpEnv>) => Response | Promise<Response>;
type Throttle = (refusal: Refusal) => MiddlewareHandler<HttpEnv>;

/** Longer input is not put back into the form. */
const longestEcho = 64;

/** addPages adds the customers' page. It works without script; the script only makes it smoother. */
export function addPages(app: Hono<HttpEnv>, parts: WebParts): void {
  const { teller, clock, shell, receipts } = parts;
  const show = async (c: Context, content: Page, status: 200 | 400 | 403 | 413 | 415 | 429 | 503 = 200) =>
    page(c, await renderPage(shell, content), status);
  const home = (c: Context, input: HomeInput, status?: Parameters<typeof show>[2]) =>
    show(
      c,
      homePage(deskOf(teller, clock), { ...input, skyaddr: input.skyaddr.slice(0, longestEcho) }),
      status,
    );
  const tooMany = (form: HomeInput["form"]) => (c: Context<HttpEnv>) =>
    wantsJson(c)
      ? c.json({ message: texts.errors.tooMany }, 429)
      : home(
          c,
          { ...noInput, skyaddr: c.req.query("skyaddr") ?? "", form, error: texts.errors.tooMany },
          429,
        );

  app.get("/", (c) =>
    home(c, {
      ...noInput,
      skyaddr: trimmed(c.req.query("skyaddr") ?? ""),
      coin: c.req.query("coin_type") ?? "",
    }),
  );
  app.get("/bind", (c) => c.redirect("/", 303));
  app.post("/bind", sameOrigin(parts.behindProxy), parts.throttleBind(tooMany("bind")), async (c) => {
    const form = await readForm(c);
    if (typeof form === "number") return answer(c, texts.errors.badForm, form);
    const input = { skyaddr: trimmed(form.get("skyaddr") ?? ""), coin: form.get("coin_type") ?? "" };
    const bound = await bind(teller, input);
    if (!bound.ok) return answer(c, errorText(bound.refusal, input.coin), bound.refusal.status, input);
    const coin = soldCoins.find((name) => name === bound.value.coin_type);
    const query = new URLSearchParams({ skyaddr: input.skyaddr });
    if (coin !== undefined) {
      query.set(
        "receipt",
        receipts.issue({ skyaddr: input.skyaddr, coin, address: bound.value.deposit_address }),
      );
    }
    const location = `/status?${query}`;
    return wantsJson(c) ? c.json({ location }) : c.redirect(location, 303);
  });
  app.get("/status", parts.throttleStatus(tooMany("lookup")), (c) => {
    const skyaddr = trimmed(c.req.query("skyaddr") ?? "");
    const wrong = (error: string) => home(c, { skyaddr, coin: "", error, form: "lookup" }, 400);
    if (skyaddr === "") return wrong(texts.errors.missingAddress);
    const rows = teller.status(skyaddr);
    if (!rows.ok) return wrong(texts.errors.invalidAddress);
    const receipt = receipts.read(skyaddr, c.req.query("receipt") ?? "");
    return show(c, statusPage({ skyaddr, rows: rows.value, receipt, desk: deskOf(teller, clock) }));
  });
  app.on(["POST", "PUT", "PATCH", "DELETE"], ["/", "/status"], (c) => {
    c.header("Allow", "GET, HEAD");
    return fail(c, 405, "Invalid request method");
  });

  /** answer refuses a bind: the script gets the text alone, a browser the whole page. */
  function answer(
    c: Context,
    error: string,
    status: 400 | 403 | 413 | 415 | 503,
    input: { skyaddr: string; coin: string } = noInput,
  ) {
    return wantsJson(c)
      ? c.json({ message: error }, status)
      : home(c, { ...input, error, form: "bind" }, status);
  }
}

/** The page's script asks for JSON, so that it can stay on the page when something is wrong. */
function wantsJson(c: Context): boolean {
  return c.req.header("accept") === "application/json";
}

async function readForm(c: Context): Promise<URLSearchParams | 400 | 413 | 415> {
  if (!isForm(c)) return 415;
  const body = await bodyText(c);
  if (body.ok) return new URLSearchParams(body.value);
  return body.refusal === "too_large" ? 413 : 400;
}

function errorText({ kind }: Refused, coin: string): string {
  const { errors } = texts;
  const byKind: Readonly<Record<Refused["kind"], string>> = {
    missing_address: errors.missingAddress,
    missing_coin: errors.missingCoin,
    coin_disabled: errors.coinDisabled(coin),
    invalid: errors.invalidAddress,
    disabled: errors.disabled,
    limit: errors.limit,
    empty: errors.empty,
    not_ready: errors.notReady,
    closed: errors.disabled,
  };
  return byKind[kind];
}
