import type { ApiVersion } from "./answer.ts";

/** Deed is what a fault does to a request. */
export type Deed =
  /** Another answer, in the form of the interface's version. */
  | { readonly kind: "answer"; readonly status: number; readonly message: string }
  /** Any bytes at all under status 200. */
  | { readonly kind: "body"; readonly text: string }
  /** The connection is closed before a byte of the answer. */
  | { readonly kind: "drop" }
  /** The connection is closed in the middle of the answer. */
  | { readonly kind: "cut" }
  /** The answer comes so much later. */
  | { readonly kind: "slow"; readonly ms: number };

/** Fault is something that goes wrong with requests of one path. */
export interface NodeFault {
  /** The path that it meets, or `*` for every one. */
  readonly path: string;
  /** `before`: the node does nothing. `after`: the node has done what it was asked to, and only the answer is lost or false. */
  readonly when: "before" | "after";
  readonly deed: Deed;
}

const inject = "/api/v1/injectTransaction";
const noPeers = "No addresses provided";
const refusal = "Transaction violates soft constraint: Transaction coinhour fee minimum not met";

/**
 * faultTable names what can go wrong. A new fault is a new row: everything else (control
 * interface, help, tests) reads this table. Source: `money-path.md` §6.
 */
export const faultTable = {
  "inject-503-after": {
    path: inject,
    when: "after",
    deed: { kind: "answer", status: 503, message: noPeers },
  },
  "inject-503-before": {
    path: inject,
    when: "before",
    deed: { kind: "answer", status: 503, message: noPeers },
  },
  "inject-500-after": {
    path: inject,
    when: "after",
    deed: { kind: "answer", status: 500, message: "disk full" },
  },
  "inject-refuse": { path: inject, when: "before", deed: { kind: "answer", status: 400, message: refusal } },
  "inject-refuse-after": {
    path: inject,
    when: "after",
    deed: { kind: "answer", status: 400, message: refusal },
  },
  "inject-drop-before": { path: inject, when: "before", deed: { kind: "drop" } },
  "inject-drop-after": { path: inject, when: "after", deed: { kind: "drop" } },
  "inject-cut-after": { path: inject, when: "after", deed: { kind: "cut" } },
  "inject-garbage-after": { path: inject, when: "after", deed: { kind: "body", text: "<html>ok</html>" } },
  "inject-wrong-txid": {
    path: inject,
    when: "after",
    deed: { kind: "body", text: JSON.stringify("00".repeat(32)) },
  },
  "verify-refuse": {
    path: "/api/v2/transaction/verify",
    when: "before",
    deed: { kind: "answer", status: 422, message: refusal },
  },
  "verify-drop": { path: "/api/v2/transaction/verify", when: "before", deed: { kind: "drop" } },
  "transaction-404": {
    path: "/api/v1/transaction",
    when: "before",
    deed: { kind: "answer", status: 404, message: "" },
  },
  "outputs-500": {
    path: "/api/v1/outputs",
    when: "before",
    deed: { kind: "answer", status: 500, message: "gateway.GetUnspentOutputsSummary failed" },
  },
  "csrf-off": { path: "/api/v1/csrf", when: "before", deed: { kind: "answer", status: 404, message: "" } },
  "any-401": { path: "*", when: "before", deed: { kind: "answer", status: 401, message: "" } },
  "any-403-host": {
    path: "*",
    when: "before",
    deed: { kind: "answer", status: 403, message: "Invalid Host" },
  },
  "any-500": { path: "*", when: "before", deed: { kind: "answer", status: 500, message: "" } },
  "any-503": { path: "*", when: "before", deed: { kind: "answer", status: 503, message: "" } },
  "any-garbage": { path: "*", when: "after", deed: { kind: "body", text: "<html>proxy</html>" } },
  "any-drop": { path: "*", when: "before", deed: { kind: "drop" } },
  "any-cut": { path: "*", when: "after", deed: { kind: "cut" } },
  "any-slow": { path: "*", when: "after", deed: { kind: "slow", ms: 5_000 } },
} as const satisfies Readonly<Record<string, NodeFault>>;

/** FaultName names a row of the table. */
export type FaultName = keyof typeof faultTable;

/** isFaultName tells whether a text names a row of the table. */
export function isFaultName(text: string): text is FaultName {
  return Object.hasOwn(faultTable, text);
}

/** Armed is a fault that waits for requests. */
export interface Armed {
  readonly name: string;
  readonly fault: NodeFault;
  /** How many requests it still meets. */
  left: number;
  /** How many of its path it lets by before. */
  skip: number;
}

/** Faults is the list of what is armed; the first that fits a request meets it. */
export interface Faults {
  /** arm lets a fault meet the next `times` requests of its path (once when not said), after letting `skip` by. */
  arm(name: FaultName, more?: { readonly times?: number; readonly skip?: number }): void;
  /** armOwn is `arm` for a fault that is not in the table. */
  armOwn(name: string, fault: NodeFault, more?: { readonly times?: number; readonly skip?: number }): void;
  clear(): void;
  armed(): readonly Armed[];
  /** meet gives the fault that meets a request of this path, and counts it. */
  meet(path: string): NodeFault | undefined;
}

/** newFaults makes a list with nothing armed. */
export function newFaults(): Faults {
  let armed: Armed[] = [];
  const faults: Faults = {
    arm: (name, more) => faults.armOwn(name, faultTable[name], more),
    armOwn(name, fault, more = {}) {
      armed.push({ name, fault, left: more.times ?? 1, skip: more.skip ?? 0 });
    },
    clear() {
      armed = [];
    },
    armed: () => armed,
    meet(path) {
      for (const entry of armed) {
        if (entry.fault.path !== "*" && entry.fault.path !== path) continue;
        if (entry.skip-- > 0) continue;
        entry.left -= 1;
        if (entry.left <= 0) armed = armed.filter((other) => other !== entry);
        return entry.fault;
      }
      return undefined;
    },
  };
  return faults;
}

/** versionOf tells by the path which version of the interface is asked. */
export function versionOf(path: string): ApiVersion {
  return path.startsWith("/api/v2/") ? 2 : 1;
}
