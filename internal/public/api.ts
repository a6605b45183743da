import type { Context, Hono, MiddlewareHandler } from "hono";
import { accept, messageOf, refuse, type Result } from "#internal/fault";
import { bodyText, fail, type HttpEnv, isJson, json, notAllowed } from "#internal/httpd";
import { parse } from "#internal/json";
import type { Teller } from "#internal/teller";
import { type Asked, bind, invalidAddress, trimmed } from "./bind.ts";

/** ApiParts are what the routes under `/api` need. */
export interface ApiParts {
  readonly teller: Teller;
  readonly throttleBind: MiddlewareHandler<HttpEnv>;
  readonly throttleStatus: MiddlewareHandler<HttpEnv>;
}

const wrongMethod = "Invalid request method";
/** How long a client should wait before it asks again for what is not there yet. */
const retryAfterSec = "30";

/** addApi adds the documented public API (`spec/teller.md` §8.3 to §8.5). */
export function addApi(app: Hono<HttpEnv>, { teller, throttleBind, throttleStatus }: ApiParts): void {
  app.post("/api/bind", throttleBind, async (c) => {
    c.header("Accept", "application/json");
    const asked = await readBind(c);
    if (!asked.ok) return fail(c, asked.refusal.status, asked.refusal.text);
    const bound = await bind(teller, asked.value);
    if (bound.ok) return json(c, bound.value);
    const { status, text } = bound.refusal;
    if (status === 503) c.header("Retry-After", retryAfterSec);
    return fail(c, status, text);
  });
  app.all("/api/bind", notAllowed("POST", wrongMethod));

  app.get("/api/status", throttleStatus, (c) => {
    const skyaddr = c.req.query("skyaddr") ?? "";
    if (trimmed(skyaddr) === "") return fail(c, 400, "Missing skyaddr");
    const rows = teller.status(skyaddr);
    return rows.ok ? json(c, { statuses: rows.value }) : fail(c, 400, invalidAddress(rows.refusal));
  });
  app.get("/api/config", (c) => json(c, teller.config()));
  app.get("/api/health", (c) => json(c, teller.health()));
  for (const path of ["/api/status", "/api/config", "/api/health"]) {
    app.all(path, notAllowed("GET, HEAD", wrongMethod));
  }
}

interface BadRequest {
  readonly status: 400 | 413 | 415;
  readonly text: string;
}

async function readBind(c: Context<HttpEnv>): Promise<Result<Asked, BadRequest>> {
  // The documented curl line says "form" and sends JSON. A browser cannot do that to us from another
  // site: there JSON has to call itself JSON, which makes the browser ask first.
  const fromBrowser = c.req.header("origin") !== undefined || c.req.header("sec-fetch-site") !== undefined;
  if (fromBrowser && !isJson(c)) return refuse({ status: 415, text: "Invalid content type" });
  const body = await bodyText(c);
  if (body.ok) return parseBind(body.value);
  if (body.refusal === "too_large") return refuse({ status: 413, text: "Request body too large" });
  return badJson("unexpected EOF");
}

/** parseBind reads the JSON text of a bind. Names of members are matched whatever their case (`spec/teller.md` §8.3). */
export function parseBind(text: string): Result<Asked, BadRequest> {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    return badJson(jsonReason(text, messageOf(error)));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return badJson("not an object");
  const asked = { skyaddr: "", coin_type: "" };
  for (const [name, member] of Object.entries(value)) {
    const key = name.toLowerCase();
    if ((key !== "skyaddr" && key !== "coin_type") || member === null) continue;
    if (typeof member !== "string") return badJson(`${key} is not a string`);
    asked[key] = member;
  }
  return accept({ skyaddr: asked.skyaddr, coin: asked.coin_type });
}

function badJson(reason: string): Result<never, BadRequest> {
  return refuse({ status: 400, text: `Invalid json request body: ${reason}` });
}

function jsonReason(text: string, message: string): string {
  if (text.trim() === "") return "EOF";
  if (/Unexpected EOF|Unterminated string/.test(message)) return "unexpected EOF";
  return message.replace(/^JSON Parse error: /, "");
}
