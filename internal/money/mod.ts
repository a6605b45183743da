/**
 * money: units, exact rates, and text forms of amounts.
 *
 * Promise: an amount is a branded `bigint` in the smallest unit of its coin; a rate is an
 * exact fraction; a division drops what is left over and never rounds up. No float comes
 * near money.
 */
export { coinTypes, type CoinType, unitsOf } from "./coins.ts";
export { type Rate, parseRate, rateText, saleAmount } from "./rate.ts";
export { formatUnits, parseUnits } from "./text.ts";
export {
  type Amount,
  type Droplet,
  type Hours,
  type Satoshi,
  type Wei,
  amount,
  droplet,
  hours,
  satoshi,
  wei,
} from "./units.ts";
