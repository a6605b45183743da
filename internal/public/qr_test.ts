import { expect, test } from "bun:test";
import { encode } from "uqr";
import { paymentUri, qrPath } from "./qr.ts";

/** The squares that a path of `Mx yhNv1h-Nz` runs blackens. */
function blackened(path: string): Set<string> {
  const black = new Set<string>();
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
    for (let i = 0; i < Number(length); i++) black.add(`${Number(x) + i},${y}`);
  }
  return black;
}

test.each([
  ["bitcoin:1PZ63K3G4gZP6A6E2TTbBwxT5bFQGL2TLB", "bitcoin:1PZ63K3G4gZP6A6E2TTbBwxT5bFQGL2TLB"],
  [
    "ethereum:0x392cded14b8f12cb6cbb1c7922810f4fbd80c3f6",
    "ethereum:0x392cded14b8f12cb6cbb1c7922810f4fbd80c3f6",
  ],
  [
    "bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "BITCOIN:BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
  ],
])("the drawing of %s has exactly the modules of its code", (uri, encoded) => {
  const { data, size } = encode(encoded, { ecc: "M", border: 2 });
  const drawn = qrPath(uri);
  const wanted = data.flatMap((row, y) => row.flatMap((black, x) => (black ? [`${x},${y}`] : [])));
  expect(drawn.size).toBe(size);
  expect([...blackened(drawn.path)].sort()).toEqual(wanted.sort());
  expect(drawn.path.replaceAll(/M\d+ \d+h(\d+)v1h-\1z/g, "")).toBe("");
});

test("a bech32 address in capitals needs a smaller code", () => {
  const bech32 = "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr";
  expect(qrPath(`bitcoin:${bech32}`).size).toBeLessThan(
    encode(`bitcoin:${bech32}`, { ecc: "M", border: 2 }).size,
  );
});

test("each coin has its scheme", () => {
  expect([paymentUri("BTC", "a"), paymentUri("ETH", "b")]).toEqual(["bitcoin:a", "ethereum:b"]);
});
