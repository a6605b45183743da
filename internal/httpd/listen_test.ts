import { expect, test } from "bun:test";
import { systemClock } from "#internal/clock";
import { Broken, Fault } from "#internal/fault";
import { silent } from "#internal/log";
import { fail } from "./answer.ts";
import { application } from "./application.ts";
import { bodyText, maxRequestBytes } from "./body.ts";
import { type Listener, listen } from "./listen.ts";

const generousMs = 10_000;

function open(address = "127.0.0.1:0") {
  const app = application({ logger: silent, clock: systemClock });
  const gate = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  app.get("/who", (c) => c.text(c.get("client")));
  app.get("/slow", async (c) => {
    entered.resolve();
    await gate.promise;
    return c.text("done");
  });
  app.get("/broken", () => {
    throw new Broken("no");
  });
  app.post("/unread", (c) => c.text("unread"));
  const listener = listen({
    name: "test",
    address,
    app,
    clock: systemClock,
    logger: silent,
    maxBodyBytes: 1000,
  });
  return { listener, gate, entered };
}

async function refusalOf(address: string): Promise<Fault> {
  let listener: Listener;
  try {
    ({ listener } = open(address));
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  await listener.stop(0);
  throw new Error(`${address} was taken`);
}

test("it listens on a free port, says which, and knows who asks", async () => {
  const { listener } = open();
  expect(listener.address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
  expect(await (await fetch(`${listener.url}/who`)).text()).toBe("127.0.0.1");
  expect(await listener.stop(generousMs)).toBe(true);
  await expect(fetch(`${listener.url}/who`)).rejects.toThrow();
});

test("every interface, and IPv6, are reachable at the url it gives", async () => {
  for (const address of [":0", "0.0.0.0:0", "[::1]:0", "localhost:0"]) {
    const { listener } = open(address);
    expect((await fetch(`${listener.url}/who`)).status).toBe(200);
    await listener.stop(generousMs);
  }
});

test("a port in use is a Fault that names the listener, the address and the reason", async () => {
  const { listener } = open();
  const fault = await refusalOf(listener.address);
  expect([fault.fate, fault.op]).toEqual(["stop", "httpd.listen"]);
  expect(fault.message).toBe(`the test listener cannot listen on ${listener.address}: the port is in use`);
  await listener.stop(generousMs);
});

test.each([
  ["192.0.2.1:0", "this machine does not have that address"],
  ["127.0.0.1", "is not host:port"],
  ["127.0.0.1:99999", "is not host:port"],
])("%s is refused: %s", async (address, reason) => {
  const fault = await refusalOf(address);
  expect(fault.message).toContain(reason);
  expect(fault.message).toContain(address);
});

test("a request that has begun is finished before the stop", async () => {
  const { listener, gate, entered } = open();
  const answer = fetch(`${listener.url}/slow`);
  await entered.promise;
  const stopped = listener.stop(generousMs);
  gate.resolve();
  expect(await (await answer).text()).toBe("done");
  expect(await stopped).toBe(true);
});

test("after the deadline requests are cut off", async () => {
  const { listener, entered } = open();
  const answer = fetch(`${listener.url}/slow`).catch(() => "cut off");
  await entered.promise;
  expect(await listener.stop(10)).toBe(false);
  expect(await answer).toBe("cut off");
});

test("as a part it runs until its signal aborts", async () => {
  const { listener } = open();
  const controller = new AbortController();
  const run = listener.run(controller.signal);
  expect(await (await fetch(`${listener.url}/who`)).text()).toBe("127.0.0.1");
  controller.abort();
  await run;
  await expect(fetch(`${listener.url}/who`)).rejects.toThrow();
});

test("a broken invariant in a handler ends the part", async () => {
  const { listener } = open();
  const ended = listener.run(new AbortController().signal).catch((error: unknown) => error);
  const answer = await fetch(`${listener.url}/broken`);
  expect([answer.status, await answer.text()]).toEqual([500, "Internal Server Error\n"]);
  expect(await ended).toBeInstanceOf(Broken);
});

test("a body that nobody reads is not taken without end", async () => {
  const { listener } = open();
  const answer = await fetch(`${listener.url}/unread`, { method: "POST", body: "x".repeat(1001) });
  expect(answer.status).toBe(413);
  await listener.stop(generousMs);
});

test("over a socket too, a body at the limit is read and one byte more is refused, announced or not", async () => {
  const app = application({ logger: silent, clock: systemClock });
  app.post("/echo", async (c) => {
    const body = await bodyText(c);
    return body.ok ? c.text(body.value) : fail(c, 413, body.refusal);
  });
  const listener = listen({ name: "test", address: "127.0.0.1:0", app, clock: systemClock, logger: silent });
  for (const announced of [true, false]) {
    for (const [size, status] of [
      [0, 200],
      [maxRequestBytes, 200],
      [maxRequestBytes + 1, 413],
    ] as const) {
      const text = "x".repeat(size);
      const body = announced ? text : new Blob([text]).stream();
      const answer = await fetch(`${listener.url}/echo`, { method: "POST", body });
      expect({ announced, size, status: answer.status }).toEqual({ announced, size, status });
      if (status === 200) expect(await answer.text()).toBe(text);
    }
  }
  await listener.stop(generousMs);
});

test("an application that throws itself still gives an answer, with nothing of the reason in it", async () => {
  const app = {
    fetch: () => {
      throw new Error("password=hunter2");
    },
  };
  const listener = listen({ name: "test", address: "127.0.0.1:0", app, clock: systemClock, logger: silent });
  const answer = await fetch(listener.url);
  expect([answer.status, await answer.text()]).toEqual([500, "Internal Server Error\n"]);
  expect(answer.headers.has("content-security-policy")).toBe(true);
  await listener.stop(generousMs);
});
