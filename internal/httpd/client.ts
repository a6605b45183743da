import { isPrivate, networkOf, plainIp } from "./ip.ts";
import type { Remote } from "./types.ts";

/** A longer chain of proxies than this is an attempt to make us work. */
const longestChain = 16;

/**
 * clientOf tells whose request it is: the socket's address or, behind a proxy, the right-most
 * address of X-Forwarded-For that is not a proxy of ours. Proxies of ours are those on private
 * addresses; where all are private, the right-most one is the client, because only that one was
 * written by the proxy we trust. An entry that is no address ends the walk.
 */
export function clientOf(
  remote: Remote | undefined,
  forwardedFor: string | undefined,
  behindProxy: boolean,
): string {
  const socket = plainIp(remote?.address ?? "");
  const forwarded = behindProxy ? rightmostUntrusted(forwardedFor ?? "") : undefined;
  const ip = forwarded ?? socket;
  return ip === undefined ? "unknown" : networkOf(ip);
}

function rightmostUntrusted(header: string): string | undefined {
  let rightmost: string | undefined;
  for (const entry of header.split(",").slice(-longestChain).reverse()) {
    const ip = plainIp(withoutPort(entry.trim()));
    if (ip === undefined) break;
    rightmost ??= ip;
    if (!isPrivate(ip)) return ip;
  }
  return rightmost;
}

/** withoutPort strips `:port` from `1.2.3.4:port` and `[v6]:port`, which some proxies write. */
function withoutPort(entry: string): string {
  return /^\[([^\]]+)\](?::\d+)?$/.exec(entry)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(entry)?.[1] ?? entry;
}
