import { expect, test } from "bun:test";
import { Hono } from "hono";
import { bodyText } from "./body.ts";

function desk(limit: number) {
  const app = new Hono();
  app.post("/", async (c) => {
    const body = await bodyText(c, limit);
    return c.json(body.ok ? body.value : [body.refusal]);
  });
  return async (body: Bun.BodyInit | null, headers: Record<string, string> = {}) => {
    const answer = await app.request("/", { method: "POST", body, headers });
    return answer.json();
  };
}

const announced = (length: number) => ({ "Content-Length": String(length) });

test("a body that announces its length is read like one that does not", async () => {
  const send = desk(16);
  for (const text of ["", "a", "äöü", "x".repeat(16)]) {
    const bytes = Buffer.from(text);
    expect(await send(bytes, announced(bytes.length))).toBe(text);
    expect(await send(bytes)).toBe(text);
  }
});

test("the byte order mark is no part of the text, and bytes that are no UTF-8 do no harm", async () => {
  const send = desk(16);
  const bytes = new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff]);
  expect(await send(bytes, announced(5))).toBe("a\ufffd");
  expect(await send(bytes)).toBe("a\ufffd");
});

test("a body above the limit is refused, whatever it announces", async () => {
  const send = desk(16);
  const long = "x".repeat(17);
  for (const headers of [{}, announced(17), announced(3), announced(-1), { "Content-Length": "x" }]) {
    expect(await send(long, headers)).toEqual(["too_large"]);
  }
});

test("a body that breaks off after its length was announced is the client's fault", async () => {
  const send = desk(16);
  const body = () =>
    new ReadableStream({
      pull(controller) {
        controller.error(new Error("gone"));
      },
    });
  expect(await send(body(), announced(3))).toEqual(["broken_off"]);
  expect(await send(body())).toEqual(["broken_off"]);
});

test("no body is an empty text", async () => {
  const send = desk(16);
  expect(await send(null)).toBe("");
  expect(await send(null, announced(0))).toBe("");
});
