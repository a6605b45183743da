import { expect, test } from "bun:test";
import { manualClock } from "#internal/clock";
import { silent } from "#internal/log";
import { application } from "./application.ts";
import { bearer } from "./bearer.ts";

const token = "0123456789abcdef0123456789abcdef";

async function ask(authorization: string | undefined) {
  const app = application({ logger: silent, clock: manualClock() });
  app.use("*", bearer(token));
  app.get("/", (c) => c.text("in"));
  return app.request("/", { headers: authorization === undefined ? {} : { Authorization: authorization } });
}

test.each([`Bearer ${token}`, `bearer ${token}`, `Bearer  ${token}`])(
  "%s is let in",
  async (authorization) => {
    expect(await (await ask(authorization)).text()).toBe("in");
  },
);

test.each([
  undefined,
  "",
  "Bearer",
  "Bearer ",
  `Basic ${token}`,
  token,
  `Bearer ${token}x`,
  `Bearer ${token.slice(1)}`,
  `Bearer ${token.toUpperCase()}`,
  `Bearer x ${token}`,
])("%p is not", async (authorization) => {
  const answer = await ask(authorization);
  expect([answer.status, await answer.text()]).toEqual([401, "Unauthorized\n"]);
  expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="teller"');
});
