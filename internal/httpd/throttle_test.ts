import { expect, test } from "bun:test";
import { manualClock } from "#internal/clock";
import { silent } from "#internal/log";
import { application } from "./application.ts";
import { goDuration, throttle } from "./throttle.ts";
import type { Remote } from "./types.ts";

const one: Remote = { address: "9.9.9.9", port: 1234 };
const other: Remote = { address: "2001:db8::1", port: 4321 };

function desk(max: number, durationMs: number) {
  const clock = manualClock();
  const app = application({ logger: silent, clock });
  const limit = throttle({ max, durationMs }, clock);
  app.get("/a", limit(), (c) => c.text("a"));
  app.get(
    "/form",
    limit((c) => c.html("<p>slow down</p>", 429)),
    (c) => c.text("form"),
  );
  app.get("/free", (c) => c.text("free"));
  return {
    clock,
    get: (path: string, remote = one, headers = {}) => app.request(path, { headers }, { remote }),
  };
}

test("a whole burst is let through, the next one is refused with the original's words", async () => {
  const { get } = desk(3, 60_000);
  for (let i = 0; i < 3; i++) expect((await get("/a")).status).toBe(200);
  const refused = await get("/a", one, { "X-Forwarded-For": "1.1.1.1" });
  expect(refused.status).toBe(429);
  expect(await refused.text()).toBe("You have reached maximum request limit.");
  expect(Object.fromEntries(refused.headers)).toMatchObject({
    "content-type": "text/plain; charset=UTF-8",
    "x-rate-limit-limit": "3",
    "x-rate-limit-duration": "1m0s",
    "x-rate-limit-request-forwarded-for": "1.1.1.1",
    "x-rate-limit-request-remote-addr": "9.9.9.9:1234",
    "retry-after": "60",
    "content-security-policy": expect.any(String),
  });
});

test("an allowed answer carries the limit's headers but nothing to wait for", async () => {
  const { get } = desk(3, 60_000);
  const answer = await get("/a", other);
  expect(answer.headers.get("x-rate-limit-request-remote-addr")).toBe("[2001:db8::1]:4321");
  expect(answer.headers.get("x-rate-limit-request-forwarded-for")).toBe("");
  expect(answer.headers.has("retry-after")).toBe(false);
});

test("the window slides: as many as came a window ago may come again", async () => {
  const { clock, get } = desk(2, 60_000);
  await get("/a");
  await clock.advance(30_000);
  await get("/a");
  await clock.advance(29_999);
  const refused = await get("/a");
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
  await clock.advance(1);
  expect((await get("/a")).status).toBe(200);
  expect((await get("/a")).status).toBe(429);
});

test("a jump of the wall clock changes nothing", async () => {
  const { clock, get } = desk(1, 60_000);
  await get("/a");
  clock.jump(3_600_000);
  expect((await get("/a")).status).toBe(429);
});

test("clients have limits of their own", async () => {
  const { get } = desk(1, 60_000);
  await get("/a");
  expect((await get("/a", other)).status).toBe(200);
  expect((await get("/a")).status).toBe(429);
});

test("routes of one throttle share it, with refusals of their own; others are free", async () => {
  const { get } = desk(1, 60_000);
  await get("/a");
  const refused = await get("/form");
  expect([refused.status, await refused.text()]).toEqual([429, "<p>slow down</p>"]);
  expect(refused.headers.get("retry-after")).toBe("60");
  expect((await get("/free")).status).toBe(200);
});

test("a limit of zero refuses every request, a duration of zero none", async () => {
  expect((await desk(0, 60_000).get("/a")).status).toBe(429);
  const off = desk(0, 0);
  expect((await off.get("/a")).status).toBe(200);
  expect((await off.get("/a")).headers.has("x-rate-limit-limit")).toBe(false);
});

test.each([
  [0, "0s"],
  [250, "250ms"],
  [1000, "1s"],
  [1500, "1.5s"],
  [60_000, "1m0s"],
  [90_000, "1m30s"],
  [3_600_000, "1h0m0s"],
  [5_430_000, "1h30m30s"],
])("%d ms is %s in Go", (ms, text) => {
  expect(goDuration(ms)).toBe(text);
});
