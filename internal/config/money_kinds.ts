import { parseRate, parseUnits, type Rate, type Satoshi, satoshi, unitsOf } from "#internal/money";
import { z } from "zod";
import { facts, wrong } from "./kinds.ts";

/** RateSetting is a rate and the text that the operator wrote. */
export interface RateSetting {
  readonly rate: Rate;
  readonly text: string;
}

/** VolumeSetting is an amount of BTC and the text that the operator wrote. */
export interface VolumeSetting {
  readonly satoshi: Satoshi;
  readonly text: string;
}

const rateHint = 'write for example "500", "0.5" or "2/3"';

/** rate is SKY per coin, exact. */
export function rate() {
  return z
    .union([z.string(), z.bigint()], wrong(`is not a rate; ${rateHint}`))
    .transform((value, ctx): RateSetting => {
      const spelled = String(value);
      const read = parseRate(spelled);
      if (read.ok) return { rate: read.value, text: spelled };
      ctx.addIssue({ code: "custom", message: `{key} invalid: ${read.refusal}; ${rateHint}` });
      return z.NEVER;
    })
    .optional()
    .register(facts, {
      about: "SKY per coin, more than 0: a whole number, a decimal or a fraction",
      default: undefined,
      exact: true,
    });
}

const volumeHint = 'write a decimal number such as "0.005"';

/** volume is an amount of BTC, exact. */
export function volume(fallback: string) {
  const read = (text: string) => parseUnits(text, unitsOf("BTC"));
  return z
    .union([z.string(), z.bigint()], wrong(`is not an amount of BTC; ${volumeHint}`))
    .transform((value, ctx): VolumeSetting => {
      const spelled = String(value);
      const amount = read(spelled);
      if (amount.ok) return { satoshi: satoshi(amount.value), text: spelled };
      ctx.addIssue({ code: "custom", message: `${amount.refusal}; ${volumeHint}` });
      return z.NEVER;
    })
    .prefault(fallback)
    .register(facts, {
      about: "BTC, 0 or more, up to 8 decimal places",
      default: JSON.stringify(fallback),
      exact: true,
    });
}
