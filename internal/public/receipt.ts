import { createHmac, timingSafeEqual } from "node:crypto";
import { type Clock, unixSeconds } from "#internal/clock";
import { type SoldCoin, soldCoins } from "./desk.ts";

/** Receipt is what a customer got for a Skycoin address. */
export interface Receipt {
  readonly skyaddr: string;
  readonly coin: SoldCoin;
  readonly address: string;
}

/** Receipts make and read the text of a link that shows a deposit address to who has the link, and to nobody else. */
export interface Receipts {
  issue(receipt: Receipt): string;
  /** read gives the receipt, `expired` for one that was ours, undefined for any other text. */
  read(skyaddr: string, text: string): Receipt | "expired" | undefined;
}

/** A purchase takes hours; a week also covers the customer who waits for money. */
const lifeSec = 7 * 24 * 3600;
const longest = 400;

/**
 * receipts signs links with a key (HMAC-SHA256). The link, and not the answer to the form, shows the
 * address: so a page without script can look again for news, and a phone that throws the page away can
 * load it again, without asking for another address. It is signed, or anybody could send
 * customers a page of ours with an address of their own. The signature covers the Skycoin address.
 */
export function receipts(key: Uint8Array, clock: Clock): Receipts {
  const sign = (skyaddr: string, claim: string) =>
    createHmac("sha256", key).update(`teller receipt\n${skyaddr}\n${claim}`).digest();
  return {
    issue({ skyaddr, coin, address }) {
      const claim = `${unixSeconds(clock) + lifeSec}.${coin}.${address}`;
      return `${claim}.${sign(skyaddr, claim).toString("base64url")}`;
    },
    read(skyaddr, text) {
      if (text.length > longest) return undefined;
      const [, claim = "", until = "", coin = "", address = "", mac = ""] =
        /^((\d{1,12})\.([A-Z]+)\.([A-Za-z0-9:]+))\.([\w-]{43})$/.exec(text) ?? [];
      const sent = Buffer.from(mac, "base64url");
      const wanted = sign(skyaddr, claim);
      if (sent.length !== wanted.length || !timingSafeEqual(sent, wanted)) return undefined;
      const sold = soldCoins.find((name) => name === coin);
      if (sold === undefined) return undefined;
      return Number(until) < unixSeconds(clock) ? "expired" : { skyaddr, coin: sold, address };
    },
  };
}
