import { expect, test } from "bun:test";
import { checkAddress, type NetworkName } from "./mod.ts";

const scripts = {
  p2pkh: "76a914903dff8369cac47013c2cb6c7e5e41a960c4ad7e88ac",
  p2wpkh: "0014903dff8369cac47013c2cb6c7e5e41a960c4ad7e",
  p2tr: "512047299855a17a8f1c416ce50dff48ac0af1a4c8ed34ca5ff0e1cf3c5efaf6d6be",
  sb1: "76a9149683f19c60a965669a24b778932c4f901ee0609088ac",
};

function read(text: string, network: NetworkName): string {
  const result = checkAddress(text, network);
  return result.ok
    ? `${result.value.address} ${Buffer.from(result.value.script).toString("hex")}`
    : result.refusal;
}

// The first three pay one key on four networks; the others are from BIP 173, BIP 350 and the first block.
const taken: { network: NetworkName; address: string; script: string }[] = [
  { network: "mainnet", address: "1E9gaKy5Zq431CNwEfqvhKemFC5KsCS8VV", script: scripts.p2pkh },
  { network: "testnet3", address: "mtfdsP44NrVHnJrYxEpJXEs67Bg2qZaoTR", script: scripts.p2pkh },
  { network: "signet", address: "mtfdsP44NrVHnJrYxEpJXEs67Bg2qZaoTR", script: scripts.p2pkh },
  { network: "regtest", address: "mtfdsP44NrVHnJrYxEpJXEs67Bg2qZaoTR", script: scripts.p2pkh },
  { network: "mainnet", address: "bc1qjq7llqmfetz8qy7zedk8uhjp49svftt7kc8ntu", script: scripts.p2wpkh },
  { network: "testnet3", address: "tb1qjq7llqmfetz8qy7zedk8uhjp49svftt7u7uqs0", script: scripts.p2wpkh },
  { network: "signet", address: "tb1qjq7llqmfetz8qy7zedk8uhjp49svftt7u7uqs0", script: scripts.p2wpkh },
  { network: "regtest", address: "bcrt1qjq7llqmfetz8qy7zedk8uhjp49svftt77h9d8x", script: scripts.p2wpkh },
  { network: "simnet", address: "sb1qjq7llqmfetz8qy7zedk8uhjp49svftt7eeh9ss", script: scripts.p2wpkh },
  // It begins like a bech32 address of its network, capitals aside.
  { network: "simnet", address: "Sb1rTEQ2t411wdHaWGGoJKn6D4gY7GoSFc", script: scripts.sb1 },
  {
    network: "mainnet",
    address: "3AcAPgRr7bSQoFHP2Ho8EYDcAdi3DT2A6f",
    script: "a91461ce1ef18442140d12a0781f0ddac2c41a06bce787",
  },
  {
    network: "mainnet",
    address: "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3",
    script: "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262",
  },
  {
    network: "mainnet",
    address: "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    script: "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
  },
];
for (const { network, address, script } of taken) {
  test(`${network}: ${address} is taken`, () => expect(read(address, network)).toBe(`${address} ${script}`));
}

test("bech32 in capitals, as QR codes have it, is the same address in small letters", () => {
  const small = "bc1qjq7llqmfetz8qy7zedk8uhjp49svftt7kc8ntu";
  expect(read(small.toUpperCase(), "mainnet")).toBe(`${small} ${scripts.p2wpkh}`);
});

const refused: { name: string; text: string; network?: NetworkName; reason: string }[] = [
  { name: "nothing", text: "", reason: "it is empty" },
  { name: "space", text: " 1E9gaKy5Zq431CNwEfqvhKemFC5KsCS8VV", reason: "it has white space in it" },
  { name: "far too long", text: "1".repeat(91), reason: "it has 91 characters, no address has more than 90" },
  {
    name: "Ethereum",
    text: "0x52908400098527886E0F7030069857D2E4169EE7",
    reason: "it looks like an Ethereum address",
  },
  {
    name: "a letter that base58 has not",
    text: "1E9gaKy5Zq431CNwEfqvhKemFC5KsCS8VO",
    reason: 'the character "O" is in no Bitcoin address of mainnet',
  },
  {
    name: "mistyped base58",
    text: "1E9gaKy5Zq431CNwEfqvhKemFC5KsCS8VW",
    reason: "its base58 checksum is wrong: a character is mistyped or missing",
  },
  {
    name: "mistyped bech32",
    text: "bc1qjq7llqmfetz8qy7zedk8uhjp49svftt7kc8ntq",
    reason: "its bech32 checksum is wrong: a character is mistyped or missing",
  },
  {
    name: "mixed case",
    text: "bc1qjq7llqmfetz8qy7zedk8uhjp49svftt7kc8NTU",
    reason: "it mixes upper and lower case",
  },
  {
    name: "a private key",
    text: "L3oPMHZLK8Pk7mK6wBLgVrpYsm4F8jhUBSEyNkXqZt5Z12RPns3L",
    reason: "it has the wrong length for a base58 address",
  },
  {
    name: "test money on the main network",
    text: "mtfdsP44NrVHnJrYxEpJXEs67Bg2qZaoTR",
    reason: "it belongs to testnet3 or signet or regtest, not to mainnet",
  },
  {
    name: "simnet base58",
    text: "SYMdEW3V8zSXK8PSQMCZkoWSr8iwQzNZrZ",
    reason: "it belongs to simnet, not to mainnet",
  },
  {
    name: "regtest bech32",
    text: "bcrt1qjq7llqmfetz8qy7zedk8uhjp49svftt77h9d8x",
    reason: "it belongs to regtest, not to mainnet",
  },
  {
    name: "main network on simnet",
    text: "bc1qjq7llqmfetz8qy7zedk8uhjp49svftt7kc8ntu",
    network: "simnet",
    reason: "it belongs to mainnet, not to simnet",
  },
  {
    name: "main network base58 on regtest",
    text: "3AcAPgRr7bSQoFHP2Ho8EYDcAdi3DT2A6f",
    network: "regtest",
    reason: "it belongs to mainnet, not to regtest",
  },
  {
    name: "another coin of the family",
    text: "LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc1",
    reason: "its version byte 48 belongs to no known Bitcoin network",
  },
  {
    name: "version 0 with the checksum of version 1",
    text: "bc1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqaayh03",
    reason:
      "its checksum is of the wrong kind: bech32 is for witness version 0, bech32m for the others (BIP 350)",
  },
  {
    name: "version 1 with the checksum of version 0",
    text: "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
    reason:
      "its checksum is of the wrong kind: bech32 is for witness version 0, bech32m for the others (BIP 350)",
  },
  {
    name: "version 0 of 16 bytes",
    text: "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P",
    reason: "its witness program has 16 bytes instead of 20 or 32",
  },
  {
    name: "version 16",
    text: "BC1SW50QGDZ25J",
    reason: "its witness version 16 has no rules yet: anyone could spend the money",
  },
];
for (const { name, text, network, reason } of refused) {
  test(`refused: ${name}`, () => expect(read(text, network ?? "mainnet")).toBe(reason));
}
