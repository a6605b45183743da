import { isIPv4, isIPv6 } from "node:net";

/** groupsOf gives the eight 16-bit groups of an IPv6 address, or undefined for any other text. */
export function groupsOf(text: string): readonly number[] | undefined {
  const address = text.replace(/%.*$/, "");
  if (!isIPv6(address)) return undefined;
  const [left = "", right] = withoutDots(address).split("::");
  const head = hexGroups(left);
  const tail = hexGroups(right ?? "");
  return [...head, ...new Array<number>(Math.max(0, 8 - head.length - tail.length)).fill(0), ...tail];
}

function hexGroups(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}

/** withoutDots turns the dotted end of `::ffff:1.2.3.4` into two groups. */
function withoutDots(address: string): string {
  const [, head, dotted] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address) ?? [];
  if (head === undefined || dotted === undefined) return address;
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split(".").map(Number);
  return `${head}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

/** plainIp gives the IPv4 address inside a mapped IPv6 one, every other address as it is, undefined for no address. */
export function plainIp(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const groups = groupsOf(text);
  if (groups === undefined) return undefined;
  if (groups.slice(0, 5).some((group) => group !== 0) || groups[5] !== 0xffff) return text.toLowerCase();
  const [high = 0, low = 0] = groups.slice(6);
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/**
 * networkOf gives the key under which limits are counted: an IPv4 address, or the first 64 bits
 * of an IPv6 address, because one customer has all of a /64 (RFC 6177).
 */
export function networkOf(ip: string): string {
  const groups = groupsOf(ip);
  if (groups === undefined) return ip;
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

/** isPrivate tells whether an address belongs to this machine or to a network that is not the internet (RFC 1918, 4193, 3927, 4291). */
export function isPrivate(ip: string): boolean {
  const [a = 0, b = 0] = ip.split(".").map(Number);
  if (isIPv4(ip)) {
    return (
      a === 127 ||
      a === 10 ||
      (a === 172 && b >= 16 && b < 32) ||
      (a === 192 && b === 168) ||
      (a === 169 && b === 254)
    );
  }
  const groups = groupsOf(ip) ?? [];
  const first = groups[0] ?? 0;
  const loopback = groups.slice(0, 7).every((group) => group === 0) && groups[7] === 1;
  return loopback || (first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfe80;
}
