import { createHmac, randomBytes } from "node:crypto";
import { z } from "zod";
import { accept, refuse, type Result } from "#internal/fault";

/** Csrf hands out tokens and judges them: signed, stateless, good for thirty seconds. Source: `spec/skycoin.md` §14.1. */
export interface Csrf {
  token(now: number): string;
  /** judge refuses a token with the node's words. */
  judge(token: string, now: number): Result<void, string>;
}

const lifeMs = 30_000;
const payloadShape = z.object({ Nonce: z.string(), ExpiresAt: z.string() });

/** newCsrf makes tokens with a key that lives as long as the server. */
export function newCsrf(): Csrf {
  const key = randomBytes(64);
  const sign = (payload: Buffer): string => createHmac("sha256", key).update(payload).digest("base64url");
  return {
    token(now) {
      const expires = new Date(now + lifeMs).toISOString();
      const payload = Buffer.from(
        JSON.stringify({ Nonce: randomBytes(64).toString("base64"), ExpiresAt: expires }),
      );
      return `${payload.toString("base64url")}.${sign(payload)}`;
    },
    judge(token, now) {
      const [text, signature, more] = token.split(".");
      if (text === undefined || signature === undefined || more !== undefined)
        return refuse("invalid CSRF token");
      const wrong = wrongByte(text);
      if (wrong !== undefined) return refuse(`illegal base64 data at input byte ${wrong}`);
      const payload = Buffer.from(text, "base64url");
      if (sign(payload) !== signature) return refuse("invalid CSRF token signature");
      const { ExpiresAt } = payloadShape.parse(JSON.parse(payload.toString()));
      return now > Date.parse(ExpiresAt) ? refuse("csrf token expired") : accept(undefined);
    },
  };
}

/** Where base64 without padding goes wrong, or undefined. One character alone stands for no byte. */
function wrongByte(text: string): number | undefined {
  const at = text.search(/[^A-Za-z0-9_-]/);
  if (at >= 0) return at;
  return text.length % 4 === 1 ? text.length - 1 : undefined;
}
