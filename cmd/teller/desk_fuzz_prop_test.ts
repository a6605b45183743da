import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { budget, mutatedText } from "#mutation";
import { depositInfo } from "#internal/book";
import { type Desk, newDir, openDesk, until } from "./testdaemon.ts";

/** Every route of the three listeners of a whole daemon, asked by people who get it wrong. */

const example = readFileSync(join(import.meta.dir, "../../example_btc_addresses.json"), "utf8");
const { btc_addresses: pool } = JSON.parse(example) as { btc_addresses: string[] };
const sky = ["2Wbi4wvxC4fkTYMsS2f6HaFfW4pafDjXcQW", "hs1pyuNgxDLyLaZsnqzQG9U3DKdJsbzNpn"];
const txids = ["00".repeat(32), "ab".repeat(32), "t1", "totals", "t1:0"];

interface Ask {
  readonly listener: "public" | "admin" | "dummy";
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly type: string;
  readonly body: string;
}

const numbers = [
  "0",
  "1",
  "-1",
  "1.5",
  "1e9",
  "200000",
  "100000000",
  "4294967295",
  "4294967296",
  "9223372036854775807",
  "9223372036854775808",
  "9".repeat(40),
  "",
  " 1",
  "0x10",
];
const oneOf = (...list: readonly string[]) => fc.constantFrom(...list);
const text = fc.oneof(
  { weight: 6, arbitrary: oneOf(...sky, ...pool.slice(0, 6), ...txids, ...numbers) },
  oneOf("", "null", "\u0000", "\ud800", "💰", "../..", "__proto__", "a".repeat(300), "%", "\r\nx: y"),
  mutatedText([...sky, pool[0] ?? ""], ["0", "O", "1", "é"]),
  fc.string({ unit: "binary", maxLength: 40 }),
);
/** Stands for the address that a customer was given. */
const given = "GIVEN";
const address = fc.oneof({ weight: 4, arbitrary: oneOf(given, given, given, ...pool.slice(0, 5)) }, text);
const number = fc.oneof({ weight: 4, arbitrary: oneOf(...numbers) }, text);
const method = fc.oneof(
  { weight: 8, arbitrary: oneOf("GET", "POST") },
  oneOf("HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"),
);
const type = fc.oneof(
  { weight: 6, arbitrary: oneOf("application/json", "application/x-www-form-urlencoded") },
  oneOf("text/plain", "", "multipart/form-data; boundary=x", "application/json; charset=utf-16"),
);

const fields = (model: Record<string, fc.Arbitrary<string>>) =>
  fc.record(model, { requiredKeys: [], noNullPrototype: true }).map((some) => some as Record<string, string>);
const bindBody = fields({
  skyaddr: fc.oneof({ weight: 3, arbitrary: oneOf(...sky) }, text),
  coin_type: oneOf("BTC", "BTC", "ETH", "SKY", "btc", ""),
});
const command = fields({
  command: oneOf("adopt", "foreign", "paid", "release", "rescan", "nothing"),
  txid: fc.oneof(oneOf(...txids), text),
  deposit: fc.oneof(oneOf("t1:0", "t1", ""), text),
  who: text,
  why: text,
});
const commandJson = fc
  .tuple(command, fc.option(fc.oneof(fc.integer(), fc.double(), text), { nil: undefined }))
  .map(([given, from]) => JSON.stringify(from === undefined ? given : { ...given, from }));
const spoiled = (json: fc.Arbitrary<string>) =>
  fc.oneof(
    { weight: 3, arbitrary: json },
    json.chain((one) => mutatedText([one], ['"', "{", "}", "[", ",", ":", "null", "1e999", "\\u0000"])),
    fc.json(),
    fc.constantFrom("", "null", "[]", "{", "0", `{"a":${"[".repeat(7000)}`, "x".repeat(17_000)),
  );
const asForm = (some: fc.Arbitrary<Record<string, string>>) =>
  some.map((one) => new URLSearchParams(one).toString());

const deposit = fields({
  coin: oneOf("BTC", "BTC", "ETH", "SKY", "X"),
  addr: address,
  value: number,
  height: number,
  tx: text,
  n: number,
});
const confirm = fields({ txid: text, seq: number });
const list = fields({ limit: number, after: number, status: oneOf("done", "waiting_send", "nonsense", "") });
const status = fields({ skyaddr: fc.oneof({ weight: 3, arbitrary: oneOf(...sky) }, text), receipt: text });

/** at makes requests to some paths of one listener. */
const at = (
  listener: Ask["listener"],
  paths: readonly string[],
  query: fc.Arbitrary<Record<string, string>>,
  body: fc.Arbitrary<string>,
): fc.Arbitrary<Ask> =>
  fc.record({ listener: fc.constant(listener), method, path: oneOf(...paths), query, type, body });

const ask = fc.oneof(
  {
    weight: 3,
    arbitrary: at("public", ["/api/bind"], bindBody, spoiled(bindBody.map((one) => JSON.stringify(one)))),
  },
  { weight: 2, arbitrary: at("public", ["/bind"], bindBody, asForm(bindBody)) },
  {
    weight: 3,
    arbitrary: at(
      "public",
      ["/api/status", "/status", "/api/config", "/api/health", "/", "/index.html", "/favicon.ico"],
      status,
      asForm(status),
    ),
  },
  {
    weight: 3,
    arbitrary: at(
      "admin",
      ["/api/deposits", "/api/deposits/errored", "/api/deposit-addresses", "/api/accounting"],
      list,
      asForm(list),
    ),
  },
  { weight: 3, arbitrary: at("admin", ["/api/operator"], fields({ x: text }), spoiled(commandJson)) },
  { weight: 4, arbitrary: at("dummy", ["/dummy/scanner/deposit"], deposit, asForm(deposit)) },
  {
    weight: 2,
    arbitrary: at("dummy", ["/dummy/sender/confirm", "/dummy/sender/broadcasts"], confirm, asForm(confirm)),
  },
  {
    weight: 1,
    arbitrary: text.chain((path) =>
      at("public", [`/${encodeURIComponent(path.toWellFormed())}`], list, text),
    ),
  },
);

/** What the documents let us answer with 503: it is no error of ours, and none of the client's. */
const documented503 =
  /^(?:BTC deposits open|No available|The maximum|Too many requests|not done: )|empty|try again|addresses/i;
const { parameters, timeoutMs } = budget(1500);
const mostGrowth = 400e6;

/** urlOf puts a request together as text: a client may send what no URL class would make. */
const urlOf = (base: string, { path, query }: Ask, bound: string) => {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    asked.set(name, value === given ? bound : value.toWellFormed());
  return `${base}${path}?${asked}`;
};

async function answered(desk: Desk, one: Ask, bound: string): Promise<void> {
  const part = desk.assembled.parts.find(({ name }) => name === `http.${one.listener}`);
  const base = part !== undefined && "url" in part ? String(part.url) : "";
  const bodied = one.method === "GET" || one.method === "HEAD" ? {} : { body: one.body.toWellFormed() };
  const headers = one.type === "" ? {} : { "content-type": one.type };
  const answer = await fetch(urlOf(base, one, bound), {
    ...{ method: one.method, headers, redirect: "manual", signal: AbortSignal.timeout(10_000) },
    ...bodied,
  });
  const words = await answer.text();
  if (answer.status === 503) expect(words).toMatch(documented503);
  else expect(answer.status).toBeLessThan(500);
}

/** bindOne gives a deposit address of a customer whom no other request names. */
async function bindOne(desk: Desk): Promise<string> {
  let bound = "";
  await until("an address is given out", async () => {
    const answer = await desk.post("/api/bind", {
      skyaddr: "t5apgjk4LvV9PQareTPzWkE88o1G5A55FW",
      coin_type: "BTC",
    });
    const body = answer.ok ? ((await answer.json()) as { deposit_address: string }) : undefined;
    bound = body?.deposit_address ?? "";
    return bound !== "";
  });
  return bound;
}

test(
  "no request of a client ends in an error of ours, and the daemon is well afterwards",
  async () => {
    const place = newDir();
    const desk = await openDesk(place.dir);
    try {
      let died = "";
      void desk.running.failed.then(({ part, cause }) => {
        died = `${part}: ${cause}`;
      });
      const bound = await bindOne(desk);
      const before = process.memoryUsage().rss;
      await fc.assert(
        fc.asyncProperty(fc.array(ask, { minLength: 1, maxLength: 6 }), async (several) => {
          await Promise.all(several.map((one) => answered(desk, one, bound)));
          expect(died).toBe("");
        }),
        parameters,
      );
      expect(process.memoryUsage().rss - before).toBeLessThan(mostGrowth);
      const failures = desk.log.lines.filter((line) => line.includes("request failed"));
      expect(failures).toEqual([]);
      await desk.get("dummy", `/dummy/scanner/deposit?addr=${bound}&value=200000&height=1&tx=last`);
      await until("a deposit is decided", () => {
        const info = desk.store.read((reader) => depositInfo(reader, "last:0"));
        return info !== undefined && info.status !== "waiting_decide";
      });
      expect(JSON.parse(await desk.get("public", "/api/health"))).toHaveProperty("status");
      expect(died).toBe("");
    } finally {
      await desk.stop();
      place.remove();
    }
  },
  timeoutMs,
);
