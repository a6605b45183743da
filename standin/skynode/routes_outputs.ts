import { type Address, addressText, type LedgerOutput } from "#internal/skycoin";
import { type Answer, fail, json } from "./answer.ts";
import { type Question, readAddresses, readHash, readHashes, type Route } from "./question.ts";
import { headerShape, historyShape, hoursAt, unspentShape } from "./shapes.ts";
import { parseAddress } from "#internal/skycoin";
import type { World } from "./world.ts";

/** outputRoutes answer about outputs and balances. Source: `spec/skycoin.md` §14.3. */
export const outputRoutes: Readonly<Record<string, Route>> = {
  "/api/v1/outputs": { methods: ["GET", "POST"], answer: outputs },
  "/api/v1/balance": { methods: ["GET", "POST"], answer: balance },
  "/api/v1/uxout": { methods: ["GET"], answer: uxout },
  "/api/v1/address_uxouts": { methods: ["GET"], answer: addressUxouts },
};

/** Which outputs somebody asks for: those of addresses, those with uxids, or all. */
interface Filter {
  readonly addresses: ReadonlySet<string> | undefined;
  readonly uxids: ReadonlySet<string> | undefined;
}

function outputs(question: Question): Answer {
  const { world } = question;
  const addresses = question.value("addrs");
  const hashes = question.value("hashes");
  if (addresses !== "" && hashes !== "") return fail(1, 400, "addrs and hashes cannot be specified together");
  const owners = readAddresses(addresses);
  if (!owners.ok) return fail(1, 400, owners.refusal);
  const uxids = readHashes(hashes);
  if (!uxids.ok) return fail(1, 400, uxids.refusal);
  const filter: Filter = {
    addresses: owners.value.length === 0 ? undefined : new Set(owners.value),
    uxids: uxids.value.length === 0 ? undefined : new Set(uxids.value),
  };
  const outgoing = world.view.outgoing();
  if (!outgoing.ok) {
    const where = "gateway.GetUnspentOutputsSummary failed: vs.unconfirmedOutgoingOutputs failed";
    return fail(1, 500, `${where}: ${outgoing.refusal}`);
  }
  return json({
    head: headerShape(world.view.head()),
    head_outputs: listed(
      world,
      filter,
      world.view.unspent(owners.value.length === 0 ? undefined : owners.value),
    ),
    outgoing_outputs: listed(world, filter, outgoing.value),
    incoming_outputs: listed(world, filter, world.view.incoming()),
  });
}

/** Newest first, then by uxid. */
function listed(world: World, { addresses, uxids }: Filter, found: readonly LedgerOutput[]) {
  const headTime = world.view.head().header.time;
  return found
    .filter(({ address, uxid }) => addresses?.has(address) !== false && uxids?.has(uxid) !== false)
    .toSorted((a, b) => (a.time === b.time ? (a.uxid < b.uxid ? -1 : 1) : a.time > b.time ? -1 : 1))
    .map((output) => unspentShape(output, headTime));
}

interface Sum {
  readonly coins: bigint;
  readonly hours: bigint;
}

const add = (a: Sum, b: Sum): Sum => ({ coins: a.coins + b.coins, hours: a.hours + b.hours });
const nothing: Sum = { coins: 0n, hours: 0n };

function balance(question: Question): Answer {
  const { world } = question;
  const read = readAddresses(question.value("addrs"));
  if (!read.ok) return fail(1, 400, read.refusal);
  if (read.value.length === 0) return fail(1, 400, "addrs is required");
  const outgoing = world.view.outgoing();
  if (!outgoing.ok) {
    const where = "gateway.GetBalanceOfAddresses failed: GetArray failed when checking addresses balance";
    return fail(1, 500, `${where}: ${outgoing.refusal}`);
  }
  const leaving = new Set(outgoing.value.map(({ uxid }) => uxid));
  const pairs = read.value.map((address) => ({ address, ...pairOf(world, address, leaving) }));
  const total = (which: "confirmed" | "predicted"): Sum =>
    pairs.map((pair) => pair[which]).reduce(add, nothing);
  const addresses = pairs
    .map(({ address, confirmed, predicted }) => [addressText(address), { confirmed, predicted }] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return json({
    confirmed: total("confirmed"),
    predicted: total("predicted"),
    addresses: Object.fromEntries(addresses),
  });
}

function pairOf(world: World, address: Address, leaving: ReadonlySet<string>) {
  const headTime = world.view.head().header.time;
  const sum = (found: readonly LedgerOutput[]): Sum =>
    found.map((output) => ({ coins: output.coins, hours: hoursAt(output, headTime) })).reduce(add, nothing);
  const unspent = world.view.unspent([address]);
  const coming = world.view.incoming().filter((output) => output.address === address);
  const staying = unspent.filter(({ uxid }) => !leaving.has(uxid));
  return { confirmed: sum(unspent), predicted: sum([...staying, ...coming]) };
}

function uxout(question: Question): Answer {
  const { world } = question;
  const text = question.value("uxid");
  if (text === "") return fail(1, 400, "uxid is empty");
  const uxid = readHash(text);
  if (!uxid.ok) return fail(1, 400, uxid.refusal);
  const output = world.view.output(uxid.value);
  if (output === undefined) return fail(1, 400, `uxout of ${uxid.value} does not exist`);
  return json(historyShape(output, world.view.head().header.time));
}

function addressUxouts(question: Question): Answer {
  const { world } = question;
  const text = question.value("address");
  if (text === "") return fail(1, 400, "address is empty");
  const address = parseAddress(text);
  if (!address.ok) return fail(1, 400, address.refusal);
  const headTime = world.view.head().header.time;
  return json(world.view.history(address.value).map((output) => historyShape(output, headTime)));
}
