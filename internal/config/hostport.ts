import { isIPv4, isIPv6 } from "node:net";
import { accept, type Result, refuse } from "#internal/fault";

/** HostPort is an address to listen on or to connect to. */
export interface HostPort {
  /** A name or an IP address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** The address as the file spells it. */
  readonly text: string;
}

/** NodeAddress is the address of a node and how it is spoken to. */
export interface NodeAddress extends HostPort {
  /** Whether the connection is encrypted and the node's certificate is checked. */
  readonly tls: boolean;
}

const shape = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]*):(\d{1,5})$/;
const highestPort = 65_535;

/** isHost tells a host name, an IPv4 or a bare IPv6 address from other text. */
export function isHost(text: string): boolean {
  if (text.includes(":")) return isIPv6(text);
  if (/^[\d.]+$/.test(text)) return isIPv4(text);
  return /^[A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?$/.test(text);
}

function split(text: string): HostPort | undefined {
  const [, host = "", portText = ""] = shape.exec(text) ?? [];
  const port = Number(portText);
  if (portText === "" || port > highestPort) return undefined;
  const bare = host.replace(/^\[|\]$/g, "");
  if (host.startsWith("[") && !isIPv6(bare)) return undefined;
  if (bare !== "" && !isHost(bare)) return undefined;
  return { host: bare, port, text };
}

/** parseListen reads an address to listen on. No host means every interface; port 0 means any free port. */
export function parseListen(text: string): Result<HostPort, string> {
  const address = split(text);
  if (address === undefined) return refuse("is not host:port");
  return accept(address.host === "" ? { ...address, host: "0.0.0.0" } : address);
}

/** parseDial reads an address to connect to: host and port are both needed. */
export function parseDial(text: string): Result<HostPort, string> {
  const address = split(text);
  return address === undefined || address.host === "" || address.port === 0
    ? refuse("is not host:port")
    : accept(address);
}

/**
 * parseNode reads the address of a Bitcoin node: `host:port` (TLS, as btcd serves it), or
 * `http://host:port` for a node without TLS (Bitcoin Core).
 */
export function parseNode(text: string): Result<NodeAddress, string> {
  const tls = !text.startsWith("http://");
  const address = parseDial(text.replace(/^https?:\/\//, "").replace(/\/$/, ""));
  return address.ok ? accept({ ...address.value, text, tls }) : address;
}

/** isWebAddress tells whether the text is `host:port` or a plain http or https URL without name, password or query. */
export function isWebAddress(text: string): boolean {
  if (!/^https?:\/\//.test(text)) return parseDial(text).ok;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return (
    url !== undefined && url.username + url.password + url.search + url.hash === "" && !text.includes("@")
  );
}

/** isOrigin tells whether the text may stand in `web.cors_allowed`: an origin, a host, or `host:port`. */
export function isOrigin(text: string): boolean {
  const rest = text.replace(/^[a-z][a-z0-9+.-]*:\/\//, "");
  return rest !== "null" && (parseDial(rest).ok || isHost(rest));
}

/** isLoopback tells whether only this machine can reach the host. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}
