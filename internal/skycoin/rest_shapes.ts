import { z } from "zod";
import { type Droplet, droplet, hours } from "#internal/money";
import { parseAddress } from "./address.ts";
import { parseDroplets } from "./droplets.ts";
import { isHash, largestU64 } from "./hash.ts";

/** A 64-bit count; `#internal/json` reads large ones as `bigint`. */
const u64 = z
  .union([z.bigint(), z.int()])
  .transform((n) => BigInt(n))
  .refine((n) => n >= 0n && n <= largestU64, "not an unsigned 64-bit integer");

/** A count that is small for certain: sequences, times, sizes. */
const count = z.int().min(0);
const hash = z.string().refine(isHash, "not a hash");
const address = z.string().transform((text, context) => {
  const parsed = parseAddress(text);
  if (parsed.ok) return { text, address: parsed.value };
  context.addIssue(parsed.refusal);
  return z.NEVER;
});
const coinsText = z.string().transform((text, context): Droplet => {
  const parsed = parseDroplets(text);
  if (parsed.ok) return parsed.value;
  context.addIssue(parsed.refusal);
  return z.NEVER;
});
const coinHours = u64.transform(hours);

/** headerShape is a block header as all endpoints show it. */
export const headerShape = z.object({
  seq: count,
  block_hash: hash,
  previous_block_hash: hash,
  timestamp: count,
  fee: u64,
  version: z.int().min(0).max(0xffff_ffff),
  tx_body_hash: hash,
  ux_hash: hash,
});

const rulesShape = z.object({
  burn_factor: count.min(1),
  max_transaction_size: count.min(1),
  max_decimals: count.max(6),
});

/** healthShape is the part of `GET /api/v1/health` that teller needs. */
export const healthShape = z.object({
  blockchain: z.object({ head: headerShape }),
  version: z.object({ version: z.string() }),
  coin: z.string(),
  open_connections: count,
  user_verify_transaction: rulesShape,
  unconfirmed_verify_transaction: rulesShape.optional(),
});

/** blockShape is the part of `GET /api/v1/block` that teller needs. */
export const blockShape = z.object({ header: headerShape });

/** outputsShape is `GET /api/v1/outputs`; of outputs that the pool would spend only the hashes are read. */
export const outputsShape = z.object({
  head: headerShape,
  head_outputs: z.array(
    z.object({
      hash,
      block_seq: count,
      src_tx: hash,
      address,
      coins: coinsText,
      hours: coinHours,
      calculated_hours: coinHours,
    }),
  ),
  outgoing_outputs: z.array(z.object({ hash })),
});

/** uxoutShape is `GET /api/v1/uxout`; here coins are droplets. */
export const uxoutShape = z.object({
  uxid: hash,
  src_tx: hash,
  owner_address: address,
  coins: u64.transform(droplet),
  hours: coinHours,
  spent_block_seq: count,
  spent_tx: hash,
});

/** transactionShape is the part of `GET /api/v1/transaction` that teller needs. */
export const transactionShape = z.object({
  status: z.object({ confirmed: z.boolean(), unconfirmed: z.boolean(), block_seq: count }),
  txn: z.object({ txid: hash }),
});
