import { encode } from "uqr";
import type { SoldCoin } from "./desk.ts";

/** Modules of white around the code (ISO 18004 asks for four; the page's white frame gives the rest). */
const border = 2;

/**
 * paymentUri gives what a wallet opens: BIP 21 for BTC, EIP-681 for ETH. It names no amount: how
 * much is the customer's choice.
 */
export function paymentUri(coin: SoldCoin, address: string): string {
  return `${coin === "BTC" ? "bitcoin" : "ethereum"}:${address}`;
}

/**
 * qrPath draws a QR code of a payment URI as the path data of an SVG of `size` units a side. A bech32
 * address is written in capitals, which makes the code smaller and means the same (BIP 173).
 */
export function qrPath(uri: string): { readonly size: number; readonly path: string } {
  const bech32 = /^bitcoin:(?:bc|tb|bcrt|sb)1[a-z0-9]+$/.test(uri);
  const { data, size } = encode(bech32 ? uri.toUpperCase() : uri, { ecc: "M", border });
  const path = data.flatMap((row, y) =>
    runsOf(row).map(([x, length]) => `M${x} ${y}h${length}v1h-${length}z`),
  );
  return { size, path: path.join("") };
}

/** runsOf gives start and length of each run of black in a row. */
function runsOf(row: readonly boolean[]): [number, number][] {
  const runs: [number, number][] = [];
  row.forEach((black, x) => {
    const last = runs.at(-1);
    if (!black) return;
    if (last !== undefined && last[0] + last[1] === x) last[1]++;
    else runs.push([x, 1]);
  });
  return runs;
}
