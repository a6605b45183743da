import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { systemClock } from "#internal/clock";
import { parse } from "#internal/json";
import { restNode } from "#internal/skycoin";
import { firstSpend } from "#skynode";
import { build, confirmed, textOf, until } from "./skynode_contract_build.ts";

/** RawSubject is a running node on the private chain, fresh from its genesis, by its URL. */
export interface RawSubject {
  readonly url: string;
  /** A node of the same chain that has no peers. */
  readonly lonelyUrl: string;
  stop(): Promise<void>;
}

const slow = 150_000;
const unknown = "11".repeat(32);
const hot = textOf("hot");
const customer = textOf("customer");
const [hotUxid, hotUxid1] = firstSpend.uxids;

/** Said is an answer as it came. */
interface Said {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

async function said(answer: Response): Promise<Said> {
  return { status: answer.status, type: answer.headers.get("Content-Type") ?? "", text: await answer.text() };
}

const plain = "text/plain; charset=utf-8";
const refusal = (status: number, text: string): Said => ({ status, type: plain, text: `${text}\n` });
const badRequest = (text: string): Said => refusal(400, `400 Bad Request - ${text}`);
const inSecond = (status: number, message: string): Said => ({
  status,
  type: "application/json",
  text: JSON.stringify({ error: { message, code: status } }, null, 4),
});

async function tokenOf(url: string): Promise<string> {
  const answer: unknown = await (await fetch(`${url}/api/v1/csrf`)).json();
  return String(Object(answer).csrf_token);
}

async function post(
  url: string,
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Said> {
  const usual = { "Content-Type": "application/json", "X-CSRF-Token": await tokenOf(url) };
  return said(await fetch(url + path, { method: "POST", body, headers: { ...usual, ...headers } }));
}

const injectPath = "/api/v1/injectTransaction";
const verifyPath = "/api/v2/transaction/verify";
const inject = (url: string, rawtx: string): Promise<Said> =>
  post(url, injectPath, JSON.stringify({ rawtx }));

/** rawContract is what a node says on the wire: paths, statuses, texts, white space. The tests go on from one another. */
export function rawContract(name: string, start: () => Promise<RawSubject>): void {
  describe(`${name}: the wire`, () => {
    let subject: RawSubject;
    beforeAll(async () => {
      subject = await start();
    }, slow);
    afterAll(async () => subject?.stop(), slow);

    const url = (): string => subject.url;
    lonelyTests(() => subject.lonelyUrl);
    shapeTests(url);
    lookupTests(url);
    bodyTests(url);
    csrfTests(url);
    gateTests(url);
    chainTests(url);
  });
}

function lonelyTests(url: () => string): void {
  test("without peers nothing is broadcast, and what cannot be broadcast is not kept", async () => {
    const answer = await inject(url(), firstSpend.raw);
    expect(answer).toEqual(refusal(503, "503 Service Unavailable - No addresses provided"));
    const found = await said(await fetch(`${url()}/api/v1/transaction?txid=${firstSpend.txid}`));
    expect(found).toEqual(refusal(404, "404 Not Found"));
  });
}

/** membersOf lists the members of an object, inner ones by their path, with their types. */
function membersOf(value: unknown, path = ""): readonly string[] {
  if (value === null || typeof value !== "object") return [`${path}: ${typeof value}`];
  return Object.entries(value).flatMap(([name, inner]) =>
    membersOf(inner, path === "" ? name : `${path}.${name}`),
  );
}

const healthMembers = [
  "blockchain.head.seq: number",
  "blockchain.head.block_hash: string",
  "blockchain.head.previous_block_hash: string",
  "blockchain.head.timestamp: number",
  "blockchain.head.fee: number",
  "blockchain.head.version: number",
  "blockchain.head.tx_body_hash: string",
  "blockchain.head.ux_hash: string",
  "blockchain.unspents: number",
  "blockchain.unconfirmed: number",
  "blockchain.time_since_last_block: string",
  "version.version: string",
  "version.commit: string",
  "version.branch: string",
  "coin: string",
  "user_agent: string",
  "open_connections: number",
  "outgoing_connections: number",
  "incoming_connections: number",
  "uptime: string",
  "csrf_enabled: boolean",
  "header_check_enabled: boolean",
  "csp_enabled: boolean",
  "wallet_api_enabled: boolean",
  "gui_enabled: boolean",
  "block_publisher: boolean",
  "user_verify_transaction.burn_factor: number",
  "user_verify_transaction.max_transaction_size: number",
  "user_verify_transaction.max_decimals: number",
  "unconfirmed_verify_transaction.burn_factor: number",
  "unconfirmed_verify_transaction.max_transaction_size: number",
  "unconfirmed_verify_transaction.max_decimals: number",
  "started_at: number",
  "fiber.name: string",
  "fiber.display_name: string",
  "fiber.ticker: string",
  "fiber.coin_hours_display_name: string",
  "fiber.coin_hours_display_name_singular: string",
  "fiber.coin_hours_ticker: string",
  "fiber.qr_uri_prefix: string",
  "fiber.explorer_url: string",
  "fiber.version_url: string",
  "fiber.bip44_coin: number",
];

function shapeTests(url: () => string): void {
  test("JSON is indented by four spaces and ends without a line break", async () => {
    expect(await said(await fetch(`${url()}/api/v1/version`))).toEqual({
      status: 200,
      type: "application/json",
      text: '{\n    "version": "0.27.1",\n    "commit": "",\n    "branch": ""\n}',
    });
  });

  test("the genesis block is the recorded one", async () => {
    const recording = new URL(
      "../standin/skynode/testdata/rest-v0.27-queries-and-errors.json",
      import.meta.url,
    );
    const exchanges: unknown = parse(await Bun.file(recording).text());
    const list: readonly unknown[] = Array.isArray(exchanges) ? exchanges : [];
    const recorded = list.find((exchange) => Object(exchange).path === "/api/v1/block?seq=0");
    const answer = await said(await fetch(`${url()}/api/v1/block?seq=0`));
    expect(answer.text).toBe(JSON.stringify(Object(recorded).response_json, null, 4));
  });

  test("health has these members, in this order, of these types", async () => {
    const health: unknown = await (await fetch(`${url()}/api/v1/health`)).json();
    expect(membersOf(health)).toEqual(healthMembers);
    expect(Object(health).uptime).toMatch(/^(\d+h)?(\d+m)?\d+(\.\d+)?m?s$/);
    expect(Object(health).blockchain.time_since_last_block).toMatch(/^\d+h\d+m\d+s$/);
  });

  test("an answer is compressed for whoever takes it", async () => {
    const ask = (encoding: string) =>
      fetch(`${url()}/api/v1/version`, { headers: { "Accept-Encoding": encoding } });
    expect((await ask("gzip")).headers.get("Content-Encoding")).toBe("gzip");
    expect((await ask("identity")).headers.get("Content-Encoding")).toBeNull();
  });
}

/** GETs that are refused, and the whole answer. */
const lookups: readonly (readonly [path: string, says: Said])[] = [
  ["/api/v1/nope", refusal(404, "404 Not Found")],
  ["/api/v2/nope", refusal(404, "404 Not Found")],
  ["/api/v1/version/", refusal(404, "404 Not Found")],
  [injectPath, refusal(405, "405 Method Not Allowed")],
  ["/api/v1/resendUnconfirmedTxns", refusal(405, "405 Method Not Allowed")],
  [verifyPath, inSecond(405, "Method Not Allowed")],
  ["/api/v2/address/verify", inSecond(405, "Method Not Allowed")],
  ["/api/v1/uxout", badRequest("uxid is empty")],
  ["/api/v1/uxout?uxid=zz", badRequest("encoding/hex: invalid byte: U+007A 'z'")],
  ["/api/v1/uxout?uxid=abc", badRequest("encoding/hex: odd length hex string")],
  [`/api/v1/uxout?uxid=${unknown}`, badRequest(`uxout of ${unknown} does not exist`)],
  ["/api/v1/address_uxouts", badRequest("address is empty")],
  ["/api/v1/address_uxouts?address=abc", badRequest("Invalid address length")],
  ["/api/v1/outputs?addrs=abc", badRequest('address "abc" is invalid: Invalid address length')],
  ["/api/v1/outputs?hashes=11", badRequest('SHA256 hash "11" is invalid: Invalid hex length')],
  ["/api/v1/outputs?addrs=a&hashes=b", badRequest("addrs and hashes cannot be specified together")],
  ["/api/v1/balance", badRequest("addrs is required")],
  ["/api/v1/balance?addrs=,", badRequest("addrs is required")],
  ["/api/v1/transaction", badRequest("txid is empty")],
  ["/api/v1/transaction?txid=11", badRequest("Invalid hex length")],
  [`/api/v1/transaction?txid=${unknown}`, refusal(404, "404 Not Found")],
  ["/api/v1/transaction?verbose=1&encoded=1&txid=11", badRequest("verbose and encoded cannot be combined")],
  ["/api/v1/rawtx", badRequest("txid is empty")],
  [`/api/v1/rawtx?txid=${unknown}`, refusal(404, "404 Not Found")],
  ["/api/v1/pendingTxs?verbose=yes", badRequest("Invalid value for verbose")],
  [
    "/api/v1/transactions?addrs=abc",
    badRequest(`parse parameter: 'addrs' failed: address "abc" is invalid: Invalid address length`),
  ],
  [
    "/api/v1/transactions?confirmed=x",
    badRequest(`invalid 'confirmed' value: strconv.ParseBool: parsing "x": invalid syntax`),
  ],
  ["/api/v1/block", badRequest("should specify one filter, hash or seq")],
  ["/api/v1/block?seq=0&hash=00", badRequest("should only specify one filter, hash or seq")],
  ["/api/v1/block?seq=-1", badRequest('Invalid seq value "-1"')],
  ["/api/v1/block?seq=0&verbose=x", badRequest("Invalid value for verbose")],
  ["/api/v1/block?seq=99", refusal(404, "404 Not Found")],
  [`/api/v1/block?hash=${unknown}`, refusal(404, "404 Not Found")],
  ["/api/v1/blocks", badRequest("At least one of seqs or start or end are required")],
  ["/api/v1/blocks?seqs=a", badRequest('Invalid sequence "a" at seqs[0]')],
  ["/api/v1/blocks?seqs=0,0", badRequest("Duplicate sequence 0 at seqs[1]")],
  ["/api/v1/blocks?seqs=0,99", refusal(404, "404 Not Found - block does not exist seq=99")],
  ["/api/v1/blocks?seqs=1&start=2", badRequest("seqs cannot be used with start or end")],
  ["/api/v1/blocks?start=x", badRequest('Invalid start value "x"')],
  ["/api/v1/blocks?start=1&end=x", badRequest('Invalid end value "x"')],
  ["/api/v1/last_blocks", badRequest('Invalid num value ""')],
  ["/api/v1/last_blocks?num=257", badRequest('num: "257" must < 256')],
];

function lookupTests(url: () => string): void {
  for (const [path, says] of lookups) {
    test(`GET ${path} is refused with ${says.status}`, async () => {
      expect(await said(await fetch(url() + path))).toEqual(says);
    });
  }
}

/** Bodies that cannot be read, as the two posting endpoints answer them: the reason, without the form around it. */
const bodies: readonly (readonly [body: string, inject: string, verify: string])[] = [
  ["", "EOF", "EOF"],
  ["{", "unexpected EOF", "unexpected EOF"],
  [
    "x",
    "invalid character 'x' looking for beginning of value",
    "invalid character 'x' looking for beginning of value",
  ],
  ["{}", "rawtx is required", "encoded_transaction is required"],
  ["null", "rawtx is required", "encoded_transaction is required"],
  [
    "[]",
    "json: cannot unmarshal array into Go value of type api.InjectTransactionRequest",
    "json: cannot unmarshal array into Go value of type api.VerifyTransactionRequest",
  ],
  [
    '{"rawtx":5,"encoded_transaction":5}',
    "json: cannot unmarshal number into Go struct field InjectTransactionRequest.rawtx of type string",
    "json: cannot unmarshal number into Go struct field VerifyTransactionRequest.encoded_transaction of type string",
  ],
];

/** Bytes that are no transaction. */
const malformed: readonly (readonly [hex: string, says: string])[] = [
  ["zz", "encoding/hex: invalid byte: U+007A 'z'"],
  ["a", "encoding/hex: odd length hex string"],
  ["ag", "encoding/hex: invalid byte: U+0067 'g'"],
  ["00", "Invalid transaction: Not enough buffer data to deserialize"],
  [`${firstSpend.raw}00`, "Invalid transaction: Bytes remain in buffer after deserializing object"],
  [firstSpend.raw.slice(0, -2), "Invalid transaction: Not enough buffer data to deserialize"],
];

function bodyTests(url: () => string): void {
  for (const [body, injected, verified] of bodies) {
    test(`the body ${JSON.stringify(body)} is refused`, async () => {
      expect(await post(url(), injectPath, body)).toEqual(badRequest(injected));
      expect(await post(url(), verifyPath, body)).toEqual(inSecond(400, verified));
    });
  }

  for (const [hex, says] of malformed) {
    test(`bytes that are no transaction: ${says}`, async () => {
      expect(await inject(url(), hex)).toEqual(badRequest(says));
      const body = JSON.stringify({ encoded_transaction: hex });
      expect(await post(url(), verifyPath, body)).toEqual(
        inSecond(400, `decode transaction failed: ${says}`),
      );
    });
  }

  /** One byte of the first spend is changed. */
  const flipped = (at: number, to: string): string =>
    firstSpend.raw.slice(0, at * 2) + to + firstSpend.raw.slice(at * 2 + 2);
  const wrong: readonly (readonly [name: string, raw: string, says: string])[] = [
    ["length", flipped(0, "02"), "Incorrect transaction length"],
    ["type", flipped(4, "01"), "transaction type invalid"],
    ["inner hash", flipped(5, "00"), "InnerHash does not match computed hash"],
    ["recovery number", flipped(41 + 64, "05"), "Signature not valid for hash"],
  ];
  for (const [name, raw, says] of wrong) {
    test(`a false ${name} breaks a hard rule`, async () => {
      expect(await inject(url(), raw)).toEqual(badRequest(`Transaction violates hard constraint: ${says}`));
    });
  }

  test("addresses are verified", async () => {
    const ask = (address: string) => post(url(), "/api/v2/address/verify", JSON.stringify({ address }));
    expect((await ask(hot)).text).toBe(JSON.stringify({ data: { version: 0 } }, null, 4));
    expect(await ask("")).toEqual(inSecond(400, "address is required"));
    expect(await ask("abc")).toEqual(inSecond(422, "Invalid address length"));
    expect(await ask(` ${hot}`)).toEqual(inSecond(422, "Invalid base58 character"));
    expect((await ask("111111111111111111111691FSP")).status).toBe(200);
  });
}

function csrfTests(url: () => string): void {
  const withToken = async (token: string | undefined): Promise<Said> => {
    const headers = token === undefined ? {} : { "X-CSRF-Token": token };
    return said(await fetch(url() + injectPath, { method: "POST", body: "{}", headers }));
  };
  const forbidden = (text: string): Said => refusal(403, `403 Forbidden - ${text}`);

  test("a POST without a good token is refused", async () => {
    expect(await withToken(undefined)).toEqual(forbidden("invalid CSRF token"));
    expect(await withToken("x")).toEqual(forbidden("invalid CSRF token"));
    expect(await withToken("a.b.c")).toEqual(forbidden("invalid CSRF token"));
    expect(await withToken("YQ.b")).toEqual(forbidden("invalid CSRF token signature"));
    expect(await withToken("*.b")).toEqual(forbidden("illegal base64 data at input byte 0"));
    const [payload] = (await tokenOf(url())).split(".");
    expect(await withToken(`${payload}.AAAA`)).toEqual(forbidden("invalid CSRF token signature"));
    const second = await fetch(url() + verifyPath, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
    });
    expect(await said(second)).toEqual(inSecond(403, "invalid CSRF token"));
  });

  test("a token may be used again, and a newer one does not void it", async () => {
    const old = await tokenOf(url());
    await tokenOf(url());
    for (const _ of [1, 2]) expect(await withToken(old)).toEqual(badRequest("rawtx is required"));
  });

  test("a token says when it ends: within half a minute", async () => {
    const [payload = ""] = (await tokenOf(url())).split(".");
    const { ExpiresAt } = Object(JSON.parse(Buffer.from(payload, "base64url").toString()));
    const left = Date.parse(ExpiresAt) - systemClock.now();
    expect(left).toBeGreaterThan(25_000);
    expect(left).toBeLessThanOrEqual(30_000);
  });
}

function gateTests(url: () => string): void {
  const get = async (headers: Record<string, string>, path = "/api/v1/version"): Promise<Said> =>
    said(await fetch(url() + path, { headers }));

  test("a foreign host, origin or referer is refused, and so is a password that nobody asked for", async () => {
    expect(await get({ Host: "evil.example" })).toEqual(refusal(403, "403 Forbidden - Invalid Host"));
    const origin = refusal(403, "403 Forbidden - Invalid Origin or Referer");
    expect(await get({ Origin: "http://evil.example" })).toEqual(origin);
    expect(await get({ Referer: "http://evil.example/page" })).toEqual(origin);
    expect((await get({ Origin: url() })).status).toBe(200);
    const Authorization = `Basic ${btoa("user:password")}`;
    expect(await get({ Authorization })).toEqual(refusal(401, "401 Unauthorized"));
    expect(await get({ Authorization }, verifyPath)).toEqual(inSecond(401, "Unauthorized"));
    expect((await get({ Authorization: "Bearer x" })).status).toBe(200);
  });

  test("the second version takes JSON only, the first does not look", async () => {
    const text = { "Content-Type": "text/plain" };
    expect(await post(url(), verifyPath, "{}", text)).toEqual(inSecond(415, "Unsupported Media Type"));
    expect(await post(url(), injectPath, "{}", text)).toEqual(badRequest("rawtx is required"));
  });

  test("lists may come in a form as well, which goes before the query", async () => {
    const form = { "Content-Type": "application/x-www-form-urlencoded" };
    const answer = await post(url(), `/api/v1/balance?addrs=${customer}`, `addrs=${hot}`, form);
    expect(Object.keys(Object(JSON.parse(answer.text)).addresses)).toEqual([hot]);
  });
}

function chainTests(url: () => string): void {
  const node = () => restNode({ address: url(), clock: systemClock });
  const json = async (path: string): Promise<unknown> => (await fetch(url() + path)).json();

  test(
    "the first spend, pending and confirmed, as the transaction look-up shows it",
    async () => {
      expect((await inject(url(), firstSpend.raw)).text).toBe(JSON.stringify(firstSpend.txid));
      await confirmed(node(), firstSpend.txid);
      const found = Object(await json(`/api/v1/transaction?verbose=1&txid=${firstSpend.txid}`));
      expect(found.status).toEqual({ confirmed: true, unconfirmed: false, height: 1, block_seq: 1 });
      expect(found.txn).toMatchObject({ txid: firstSpend.txid, length: 257, fee: 10_000_000_000_000 });
      const block = Object(await json("/api/v1/block?seq=1"));
      expect([block.header.timestamp, block.header.tx_body_hash]).toEqual([found.time, firstSpend.txid]);
      const listed = Object(await json(`/api/v1/transactions?addrs=${hot}&confirmed=1`));
      expect(listed.map((one: unknown) => Object(one).txn.txid)).toEqual([firstSpend.txid]);
    },
    slow,
  );

  test("verify tells of a confirmed transaction that it is spent, and shows it", async () => {
    const answer = await post(url(), verifyPath, JSON.stringify({ encoded_transaction: firstSpend.raw }));
    expect(answer.status).toBe(422);
    const { error, data } = Object(JSON.parse(answer.text));
    expect(error).toEqual({ message: "transaction has been spent", code: 422 });
    expect([data.confirmed, data.unsigned, data.transaction.fee]).toEqual([true, false, "10000000000000"]);
    // Outputs of the genesis block cannot be shown there.
    expect(data.transaction.inputs).toEqual([{ uxid: "" }]);
  });

  test("verify of what spends an unknown output fails with 500", async () => {
    const { unsigned } = build([{ uxid: unknown, address: hot }], [[customer, 1_000_000n, 0n]]);
    const body = JSON.stringify({ encoded_transaction: unsigned, unsigned: true });
    expect(await post(url(), verifyPath, body)).toEqual(inSecond(500, `uxout of ${unknown} does not exist`));
  });

  test("verify of an unknown transaction that spends a spent output breaks the connection", async () => {
    const genesisUxid = "79eaea1139489d582d36006c96057c4eb9ea3a41585a172b4a8a3a9b136f405e";
    const { unsigned } = build(
      [{ uxid: genesisUxid, address: textOf("genesis") }],
      [[customer, 1_000_000n, 0n]],
    );
    const body = JSON.stringify({ encoded_transaction: unsigned, unsigned: true });
    await expect(post(url(), verifyPath, body)).rejects.toThrow();
  });

  test("verify shows a good unsigned transaction with what it spends", async () => {
    const coin = { uxid: hotUxid1, address: textOf("hot", 1) };
    const { unsigned } = build([coin], [[customer, 500_000_000n, 7n]]);
    const body = JSON.stringify({ encoded_transaction: unsigned, unsigned: true });
    const answer = await post(url(), verifyPath, body);
    expect(answer.status).toBe(200);
    const {
      transaction,
      unsigned: isUnsigned,
      confirmed: isConfirmed,
    } = Object(JSON.parse(answer.text)).data;
    expect([isUnsigned, isConfirmed]).toEqual([true, false]);
    expect(transaction.inputs).toMatchObject([
      { uxid: hotUxid1, coins: "500.000000", hours: "500", block: 1 },
    ]);
    expect(transaction.outputs).toMatchObject([{ address: customer, coins: "500.000000", hours: "7" }]);
  });

  test(
    "while a loser is pooled, outputs and balance fail; then they answer again",
    async () => {
      const coin = { uxid: hotUxid, address: hot };
      const [poor, rich] = [400_000n, 300_000n].map((hours) =>
        build([coin], [[hot, 1_000_000_000_000n, hours]]),
      );
      if (poor === undefined || rich === undefined) throw new Error("two transactions");
      for (const { raw } of [poor, rich]) expect((await inject(url(), raw)).status).toBe(200);
      await confirmed(node(), rich.txid);
      const gone = `unspent output of ${hotUxid} does not exist`;
      const failing = [
        `500 Internal Server Error - gateway.GetUnspentOutputsSummary failed: vs.unconfirmedOutgoingOutputs failed: ${gone}`,
        `500 Internal Server Error - gateway.GetBalanceOfAddresses failed: GetArray failed when checking addresses balance: ${gone}`,
      ];
      const seen = new Set<string>();
      await until("the clean-up of the pool", 90, async () => {
        const outputs = await said(await fetch(`${url()}/api/v1/outputs?addrs=${hot}`));
        const balance = await said(await fetch(`${url()}/api/v1/balance?addrs=${hot}`));
        for (const { status, text } of [outputs, balance]) if (status !== 200) seen.add(text.trimEnd());
        return outputs.status === 200 && balance.status === 200 ? true : undefined;
      });
      // The clean-up may come at once: then nobody has seen them fail.
      for (const text of seen) expect(failing).toContain(text);
      expect((await fetch(`${url()}/api/v1/transaction?txid=${poor.txid}`)).status).toBe(404);
      const history = Object(await json(`/api/v1/uxout?uxid=${hotUxid}`));
      expect([history.spent_tx, history.spent_block_seq]).toEqual([rich.txid, 2]);
    },
    slow,
  );
}
