import type { Result } from "#internal/fault";
import { z } from "zod";
import { isHost, isOrigin, isWebAddress, parseDial, parseListen, parseNode } from "./hostport.ts";
import { facts, type Message, wrong } from "./kinds.ts";
import { quoted } from "./problem.ts";

/** Reads an address that may be left empty. */
function emptyOr<T>(read: (text: string) => Result<T, string>, hint: Message) {
  return z.string(wrong(`is not an address; ${hint}`)).transform((text, ctx): T | undefined => {
    if (text === "") return undefined;
    const result = read(text);
    if (result.ok) return result.value;
    ctx.addIssue({ code: "custom", message: `${quoted(text)} ${result.refusal}; ${hint}` });
    return z.NEVER;
  });
}

const listenHint = 'write for example "127.0.0.1:7071", or "0.0.0.0:7071" for every interface';
const listenAbout = 'Address to listen on, "host:port"';

/** listen is an address to listen on; empty gives undefined. */
export function listen(fallback: string) {
  return emptyOr(parseListen, listenHint)
    .prefault(fallback)
    .register(facts, { about: listenAbout, default: JSON.stringify(fallback) });
}

/** optionalListen is an address to listen on that is off unless it is set. */
export function optionalListen() {
  return emptyOr(parseListen, listenHint)
    .optional()
    .register(facts, { about: listenAbout, default: undefined });
}

/** bitcoinNode is the address of btcd, or of another node behind `http://`; empty gives undefined. */
export function bitcoinNode(fallback: string) {
  const hint = 'write for example "127.0.0.1:8334", or "http://127.0.0.1:8332" for a node without TLS';
  return emptyOr(parseNode, hint)
    .prefault(fallback)
    .register(facts, {
      about: 'Address of a node, "host:port" or "http://host:port"',
      default: JSON.stringify(fallback),
    });
}

/** webAddress is `host:port` or a URL, kept as it is written; empty stays empty. */
export function webAddress(fallback: string) {
  const hint =
    'write for example "127.0.0.1:6420" or "http://127.0.0.1:6420", without a user name or password';
  return z
    .string(wrong(`is not an address; ${hint}`))
    .refine((text) => text === "" || isWebAddress(text), wrong(`is not an address; ${hint}`))
    .default(fallback)
    .register(facts, { about: 'Address of a node, "host:port" or a URL', default: JSON.stringify(fallback) });
}

/** hostName is a name or IP address without a port; empty gives undefined. */
export function hostName() {
  const hint = 'write a name or an IP address without a port, for example "127.0.0.1"';
  return z
    .string(wrong(`is not a host; ${hint}`))
    .refine((text) => text === "" || isHost(text), wrong(`is not a host; ${hint}`))
    .transform((text) => (text === "" ? undefined : text))
    .optional()
    .register(facts, { about: "Host name or IP address, without a port", default: undefined });
}

/** port is a port number, in quotes or not; empty gives undefined. */
export function port() {
  const hint = 'write a number from 1 to 65535, for example "8545"';
  return z
    .union([z.string(), z.bigint()], wrong(`is not a port; ${hint}`))
    .refine((value) => value === "" || parseDial(`host:${value}`).ok, wrong(`is not a port; ${hint}`))
    .transform((value) => (value === "" ? undefined : Number(value)))
    .optional()
    .register(facts, { about: "Port, 1 to 65535", default: undefined });
}

const mostOrigins = 100;

/** origins is a list of origins or hosts from which browsers may ask. */
export function origins() {
  const hint = 'write for example ["https://example.com", "127.0.0.1:8320"], without paths and "*"';
  const entry = z.string(wrong(`is not text; ${hint}`)).refine(isOrigin, wrong(`is not an origin; ${hint}`));
  return z
    .array(entry, wrong(`is not a list; ${hint}`))
    .max(mostOrigins, `has more than ${mostOrigins} entries`)
    .default([])
    .register(facts, { about: `List of origins or hosts, at most ${mostOrigins}`, default: "[]" });
}
