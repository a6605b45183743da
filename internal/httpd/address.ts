import { isIPv4 } from "node:net";
import { accept, refuse, type Result } from "#internal/fault";
import { groupsOf } from "./ip.ts";

/** HostPort is where a listener listens. An empty host means every IPv4 address of the machine. */
export interface HostPort {
  readonly host: string;
  /** 0 asks the system for a free one. */
  readonly port: number;
}

const shape = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]*)):(\d{1,5})$/;
const largestPort = 65535;

/** parseHostPort reads `host:port`, `[v6]:port` or `:port`. */
export function parseHostPort(text: string): Result<HostPort, string> {
  const match = shape.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > largestPort) {
    return refuse(`${JSON.stringify(text.slice(0, 100))} is not host:port`);
  }
  return accept({ host: match[1] ?? match[2] ?? "", port });
}

/** isLoopback tells whether a host name or address can only mean this machine. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  if (isIPv4(name)) return name.startsWith("127.");
  const groups = groupsOf(name.replace(/^\[(.*)\]$/, "$1"));
  if (groups === undefined) return false;
  const mapped = groups[5] === 0xffff && (groups[6] ?? 0) >> 8 === 127;
  return (
    groups.slice(0, 5).every((g) => g === 0) &&
    (mapped || (groups[5] === 0 && groups[6] === 0 && groups[7] === 1))
  );
}
