import { expect, test } from "bun:test";
import fc from "fast-check";
import { budget, mutatedText } from "#mutation";
import { systemClock } from "#internal/clock";
import { recordingLog } from "#internal/log";
import { application, bodyText, listen } from "./mod.ts";

/** What comes over a socket need not be HTTP. */

const body = '{"a":1}';
const samples = [
  "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
  `POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  `POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  "HEAD /x?a=b HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\nRange: bytes=0-1\r\nConnection: close\r\n\r\n",
];
const words = [
  ...[
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\r",
    " ",
    ":",
    "\u0000",
    "HTTP/1.1",
    "HTTP/9.9",
    "GET",
    "POST",
    "Host: b\r\n",
  ],
  ...[
    "Content-Length: 5\r\n",
    "Content-Length: -1\r\n",
    "Content-Length: 99999999999999999999\r\n",
    "Expect: 100-continue\r\n",
  ],
  ...[
    "Transfer-Encoding: chunked\r\n",
    "ffffffffffffffff\r\n",
    "Upgrade: websocket\r\nConnection: Upgrade\r\n",
    "A: ".padEnd(20_000, "a"),
  ],
];
const { parameters, timeoutMs } = budget(30);
/** The runtime's answer to another version of HTTP: no error of ours (RFC 9110, 15.6.6). */
const notSupported = 505;
const atOnce = 20;
const patienceMs = 60;

/** exchange sends a text and gives what comes back within a moment, or until the other side closes. */
async function exchange(port: number, text: string): Promise<string> {
  let answer = "";
  let over: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    over = resolve;
  });
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_socket, chunk) {
        answer += chunk.toString("latin1");
      },
      close: () => over(),
      error: () => over(),
    },
  });
  socket.write(Buffer.from(text, "latin1"));
  await Promise.race([ended, systemClock.sleep(patienceMs)]);
  socket.terminate();
  return answer;
}

test(
  "no bytes end in an error of ours, and the listener answers everybody else",
  async () => {
    const { logger, lines } = recordingLog();
    const app = application({ logger, clock: systemClock });
    app.get("/", (c) => c.text("well"));
    app.post("/echo", async (c) => {
      const read = await bodyText(c);
      return read.ok ? c.text(read.value) : c.text(read.refusal, 400);
    });
    const listener = listen({ name: "test", address: "127.0.0.1:0", app, clock: systemClock, logger });
    const port = Number(new URL(listener.url).port);
    const seen = { answered: 0, silent: 0 };
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.array(mutatedText(samples, words), { minLength: atOnce, maxLength: atOnce }),
          async (texts) => {
            const answers = await Promise.all(texts.map((text) => exchange(port, text)));
            for (const answer of answers) {
              const statuses = Array.from(answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm), ([, status]) =>
                Number(status),
              );
              for (const status of statuses) if (status !== notSupported) expect(status).toBeLessThan(500);
              seen[statuses.length > 0 ? "answered" : "silent"]++;
            }
            expect(await (await fetch(listener.url)).text()).toBe("well");
          },
        ),
        parameters,
      );
      expect(Math.min(seen.answered, seen.silent)).toBeGreaterThan(0);
      expect(lines.filter((line) => line.includes("level=ERROR"))).toEqual([]);
    } finally {
      await listener.stop(200);
    }
  },
  timeoutMs,
);
