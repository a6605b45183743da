/** networkNames are the values of the documented key `btc_rpc.network`. */
export const networkNames = ["mainnet", "testnet3", "signet", "regtest", "simnet"] as const;

/** NetworkName names one Bitcoin network. */
export type NetworkName = (typeof networkNames)[number];

/** Network is what tells one Bitcoin network from another. */
export interface Network {
  readonly name: NetworkName;
  /** The human-readable part of segwit addresses (BIP 173). */
  readonly bech32: string;
  /** Version bytes of base58 addresses. */
  readonly pubKeyHash: number;
  readonly scriptHash: number;
  /** The hash of block 0, as nodes print it. */
  readonly genesis: string;
}

/** Parameters as in Bitcoin Core and btcd; testnet3 and signet share one address form, regtest its base58 half. */
const networks: Readonly<Record<NetworkName, Network>> = {
  mainnet: {
    name: "mainnet",
    bech32: "bc",
    pubKeyHash: 0x00,
    scriptHash: 0x05,
    genesis: "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
  },
  testnet3: {
    name: "testnet3",
    bech32: "tb",
    pubKeyHash: 0x6f,
    scriptHash: 0xc4,
    genesis: "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943",
  },
  signet: {
    name: "signet",
    bech32: "tb",
    pubKeyHash: 0x6f,
    scriptHash: 0xc4,
    genesis: "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6",
  },
  regtest: {
    name: "regtest",
    bech32: "bcrt",
    pubKeyHash: 0x6f,
    scriptHash: 0xc4,
    genesis: "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
  },
  simnet: {
    name: "simnet",
    bech32: "sb",
    pubKeyHash: 0x3f,
    scriptHash: 0x7b,
    genesis: "683e86bd5c6d110d91b94b97137ba6bfe02dbbdb8e3dff722a669b5d69d77af6",
  },
};

/** networkOf gives the parameters of a network. */
export function networkOf(name: NetworkName): Network {
  return networks[name];
}

/** networksWhere names every network that fits, joined for a sentence: "testnet3 or signet"; empty when none does. */
export function networksWhere(fits: (network: Network) => boolean): string {
  return networkNames.filter((name) => fits(networks[name])).join(" or ");
}
