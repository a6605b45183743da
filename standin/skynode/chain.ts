import { invariant } from "#internal/fault";
import { droplet, hours } from "#internal/money";
import { type Address, addressOf, addressText, bytesOf, type Genesis, publicKeyOf } from "#internal/skycoin";

/**
 * The private chain that the stock node and the stand-in share. PUBLIC TEST KEYS: never use
 * them for anything of value. Source: `chains/skycoin.md`.
 */

/** TestKey is a key that everybody knows. */
export interface TestKey {
  readonly secret: Uint8Array;
  readonly address: Address;
  /** The address as base58. */
  readonly text: string;
}

function testKey(secretHex: string): TestKey {
  const secret = bytesOf(secretHex);
  const address = addressOf(publicKeyOf(secret));
  return { secret, address, text: addressText(address) };
}

/** Role names a wallet of the private chain. */
export type Role = keyof typeof secrets;

const secrets = {
  genesis: ["3a86596a3da82c1e7114e4c6597e7c93f5d677194198f516e7ca47b31cb04d24"],
  hot: [
    "77aa1507b9d058967bfc0d82214f9752b8c4868d52ed540005eacd466ff9678e",
    "2495376edac9977fa97c2d67487d786088a9ff84e975f30185911bcaada75203",
    "ef6ba083d832c473c57696cf51cdd66b7f21174bea6104cbd4e8037f448d51cf",
    "16a5f89eac81192d20ab8787b98b9b253acbcb56bc21a0e384ef947af742cbff",
    "2902f3f27358862bc0e31c1ed15faad30d9f22b92b6fdc73206c65ffb9d4ec48",
  ],
  customer: [
    "1256a237b31103bafcafe3acba287710f3b9bea3c1223bc5d9fbcb472a247c1a",
    "cc97fb5ebc266b633544158a6d30bb6e5e7afb9391bb380ebb599940204bb450",
    "5de59b77511009cf4575bbd56ea1225ab6c946146b55899dee89bc65d8ffb84e",
    "ed722505db4af2dbf1f49d596c48f2d509d2e5ec734c8791ce62574a6c99e25c",
    "423ad2e4426c0e2464a0f5a59e25115119f28b66033b6bffb3a279ddf395e491",
  ],
} as const;

/** roles lists the wallets of the private chain. */
export const roles: readonly Role[] = ["genesis", "hot", "customer"];

/** keysOf gives the keys of a wallet of the private chain, in the wallet's order. */
export function keysOf(role: Role): readonly TestKey[] {
  return secrets[role].map(testKey);
}

/** firstKeyOf gives the first key of a wallet. */
export function firstKeyOf(role: Role): TestKey {
  const [first] = keysOf(role);
  invariant(first !== undefined, "skynode: a wallet has a key");
  return first;
}

/** privateGenesis is the genesis of the private chain: 100,000,000 SKY and as many million coin hours. */
export function privateGenesis(): Genesis {
  return {
    address: firstKeyOf("genesis").address,
    time: 1_700_000_000,
    coins: droplet(100_000_000_000_000n),
    hours: hours(100_000_000_000_000n),
  };
}

/**
 * firstSpend is a ready-made transaction that only the genesis block can precede: 1,000,000 SKY
 * to the hot wallet's first address, 500 SKY to its second, the rest back.
 */
export const firstSpend = {
  raw:
    "01010000007f47fa5b344d5075e993d2b2bccfe1eb56c092667c85a249b36aafbca0fc3ee801000000099b983d3957ad879b59" +
    "5941b6850474e1c5cbdb37f17005fdce9dc2d58f9807726c4bbf8be5a3698727a50e73894b4ba9ba4ea4245151b49ca6c3a1f9" +
    "52fe03010100000079eaea1139489d582d36006c96057c4eb9ea3a41585a172b4a8a3a9b136f405e03000000004b780ac59e0d" +
    "5e3937b29c7d8971485d0a0df3720010a5d4e800000040420f00000000000006acd05ff17e77713c5a658d6eb39e6f5d93dc94" +
    "0065cd1d00000000f401000000000000007624ebc9e56704fe9d811c880483fc209968da4100cb071e0a5a0000cc5bf8c1da51" +
    "0000",
  txid: "f965cd1cb3709bfa4e4f05e9a9313bec2721935a38fc1122caf44fc3aa9cc4fa",
  uxids: [
    "8b00888c3d2a4367cc965f3e866e170cc0d4c5b90aefc86ef580308f0f823f8e",
    "4622bac86def7ea4bb51cd8d55d3599fa377e99d77aaa9797731444ecb08ed18",
    "5369eb85dd348ed8afd26f1ea4727d1ea4f6f73072c936f0b13ab193e70c71cf",
  ],
} as const;
