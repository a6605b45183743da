import { expect, test } from "bun:test";
import fc from "fast-check";
import { openDesk } from "./testdesk.ts";
import { goodAddresses } from "./testteller.ts";

const nasty = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constantFrom(
    "",
    "null",
    "__proto__",
    "\u0000",
    "%00",
    "../",
    "BTC",
    "ETH",
    "SKY",
    "{",
    '{"skyaddr":null}',
    ...goodAddresses,
  ),
);
const headerText = fc.oneof(
  fc.stringMatching(/^[\x21-\x7e][\x20-\x7e]{0,40}$/).map((text) => text.trim()),
  fc.constantFrom("*", "null", "http://localhost", "gzip", "1.2.3.4, ::1"),
);
const headerName = fc.constantFrom(
  "Accept",
  "Accept-Encoding",
  "Access-Control-Request-Method",
  "Content-Type",
  "If-None-Match",
  "Origin",
  "Range",
  "Sec-Fetch-Site",
  "X-Forwarded-For",
  "X-Forwarded-Host",
);
const path = fc.oneof(
  fc.constantFrom(
    "/",
    "/bind",
    "/status",
    "/api/bind",
    "/api/status",
    "/api/config",
    "/api/health",
    "/api/",
    "/index.html",
  ),
  nasty.map((text) => `/${encodeURIComponent(text)}`),
  fc.string({ maxLength: 30 }).map((text) => `/${text}`),
);
const body = fc.oneof(
  nasty,
  fc.json(),
  fc.record({ skyaddr: nasty, coin_type: nasty }).map((value) => JSON.stringify(value)),
  fc.record({ skyaddr: nasty, coin_type: nasty }).map((value) => new URLSearchParams(value).toString()),
);
const request = fc.record({
  path,
  query: fc.dictionary(fc.constantFrom("skyaddr", "coin_type", "receipt", "x"), nasty, {
    noNullPrototype: true,
  }),
  method: fc.constantFrom("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"),
  headers: fc.dictionary(headerName, headerText, { noNullPrototype: true }),
  body,
});

test("no input of a client gives an error of ours, and every answer has the policy", async () => {
  const { app, teller } = await openDesk({ behindProxy: true, corsAllowed: ["localhost:*"] });
  teller.pools["BTC"] = new Array<string>(100_000).fill("1PZ63K3G4gZP6A6E2TTbBwxT5bFQGL2TLB");
  teller.pools["ETH"] = new Array<string>(100_000).fill("0x392cded14b8f12cb6cbb1c7922810f4fbd80c3f6");
  teller.settings.max_bound_addrs = 3;
  await fc.assert(
    fc.asyncProperty(request, async ({ path, query, method, headers, body }) => {
      const url = `http://localhost${path}?${new URLSearchParams(query)}`;
      fc.pre(URL.canParse(url));
      const bodied = method !== "GET" && method !== "HEAD" ? { body } : {};
      const answer = await app.request(url, { method, headers, ...bodied });
      expect(answer.status).toBeLessThan(500);
      expect(answer.headers.has("content-security-policy")).toBe(true);
      await answer.text();
    }),
    { numRuns: 1500 },
  );
});
