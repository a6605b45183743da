import { isLoopback } from "./hostport.ts";
import type { Finding } from "./problem.ts";
import type { Draft, Key } from "./schema.ts";

/**
 * Exists tells whether a path leads to a file, or to a folder where that is asked for. A relative
 * path starts from the working directory.
 */
export type Exists = (path: string, kind: "file" | "folder") => boolean;

/** Desk is what the rules look at: the checked values, and the world around them. */
export interface Desk {
  readonly draft: Draft;
  /** Keys with an error of their own; no rule says more about them. */
  readonly bad: ReadonlySet<Key>;
  readonly exists: Exists;
  /** Whether the wallet's password is in the environment. */
  readonly passwordInEnvironment: boolean;
}

type Found = Finding<Key>;
type Rule = (desk: Desk) => readonly Found[];

function missing({ draft, bad }: Desk, key: Key, remedy: string): readonly Found[] {
  const unset = draft[key] === undefined || draft[key] === "";
  return unset && !bad.has(key) ? [{ key, text: `{key} missing; ${remedy}` }] : [];
}

type PathKey =
  | "btc_addresses"
  | "eth_addresses"
  | "btc_rpc.cert"
  | "sky_exchanger.wallet"
  | "sky_exchanger.wallet_password_file"
  | "web.tls_cert"
  | "web.tls_key";

/** absent finds a path that is set and leads to no file. `text` is the fixed text about it. */
function absent({ draft, exists }: Desk, key: PathKey, text: (path: string) => string): readonly Found[] {
  const path = draft[key];
  if (path === undefined || exists(path, "file")) return [];
  const tilde = path.startsWith("~")
    ? '"~" has no meaning here, write the whole path'
    : "a path starts from the working directory";
  return [{ key, text: `${text(path)}; ${tilde}` }];
}

const named = (path: string): string => `{key} file does not exist: ${path}`;
const walletText = (path: string): string => `{key} file ${path} does not exist`;

const bitcoin: Rule = (desk) => {
  const { draft } = desk;
  if (!draft["btc_scanner.enabled"]) return [];
  const rate = missing(
    desk,
    "sky_exchanger.sky_btc_exchange_rate",
    'write how much SKY is sold for 1 BTC, for example "500"',
  );
  const pool = missing(desk, "btc_addresses", "name the file with the addresses to give out");
  const found = [...pool, ...absent(desk, "btc_addresses", named), ...rate];
  if (draft["dummy.scanner"]) return found;
  const address = 'write btcd\'s address, for example "127.0.0.1:8334"';
  const cert =
    draft["btc_rpc.server"]?.tls === false
      ? []
      : missing(desk, "btc_rpc.cert", "name btcd's rpc.cert, mostly in ~/.btcd");
  return [
    ...found,
    ...missing(desk, "btc_rpc.server", address),
    ...missing(desk, "btc_rpc.user", "write the rpcuser of btcd.conf"),
    ...missing(desk, "btc_rpc.pass", "write the rpcpass of btcd.conf"),
    ...cert,
    ...absent(desk, "btc_rpc.cert", named),
  ];
};

const ethereum: Rule = (desk) => {
  const { draft } = desk;
  if (!draft["eth_scanner.enabled"]) return [];
  const found = [
    ...missing(desk, "eth_addresses", "name the file with the addresses to give out"),
    ...absent(desk, "eth_addresses", named),
    ...missing(
      desk,
      "sky_exchanger.sky_eth_exchange_rate",
      'write how much SKY is sold for 1 ETH, for example "30"',
    ),
  ];
  if (draft["dummy.scanner"]) return found;
  return [
    ...found,
    ...missing(desk, "eth_rpc.server", 'write geth\'s host, for example "127.0.0.1"'),
    ...missing(desk, "eth_rpc.port", 'write geth\'s port, for example "8545"'),
  ];
};

const skycoin: Rule = (desk) => {
  const { draft, bad, passwordInEnvironment } = desk;
  if (draft["dummy.sender"]) return [];
  const twice = passwordInEnvironment && draft["sky_exchanger.wallet_password_file"] !== undefined;
  const file = "sky_exchanger.wallet_password_file" as const;
  return [
    ...missing(desk, "sky_rpc.address", 'write the Skycoin node\'s address, for example "127.0.0.1:6420"'),
    ...missing(desk, "sky_exchanger.wallet", "name the wallet file, or set dummy.sender = true"),
    ...absent(desk, "sky_exchanger.wallet", walletText),
    ...absent(desk, file, walletText),
    ...(twice && !bad.has(file)
      ? [{ key: file, text: "TELLER_WALLET_PASSWORD is set too; leave out one of the two" }]
      : []),
  ];
};

const passthrough: Rule = (desk) => {
  const { draft, bad } = desk;
  if (draft["sky_exchanger.buy_method"] !== "passthrough") return [];
  const unset = (key: Key, text: string): Found[] =>
    draft[key] === undefined && !bad.has(key) ? [{ key, text }] : [];
  const eth: Found[] = draft["eth_scanner.enabled"]
    ? [{ key: "eth_scanner.enabled", text: "eth_scanner must be disabled for buy_method passthrough" }]
    : [];
  return [
    ...eth,
    ...unset("sky_exchanger.exchange_client.key", "c2cx.key must be set for buy_method passthrough"),
    ...unset("sky_exchanger.exchange_client.secret", "c2cx.secret must be set for buy_method passthrough"),
  ];
};

/** The first of these that fails is told, because one wrong key makes several of them fail (`spec/teller.md` §2.3). */
const web: Rule = (desk) => {
  const { draft, bad } = desk;
  const http = draft["web.http_addr"] !== undefined;
  const https = draft["web.https_addr"] !== undefined;
  const auto = draft["web.auto_tls_host"] !== undefined;
  const cert = draft["web.tls_cert"] !== undefined;
  const key = draft["web.tls_key"] !== undefined;
  const files = [...absent(desk, "web.tls_cert", named), ...absent(desk, "web.tls_key", named)];
  if (
    (["web.http_addr", "web.https_addr", "web.auto_tls_host", "web.tls_cert", "web.tls_key"] as const).some(
      (k) => bad.has(k),
    )
  )
    return files;
  const rules: readonly (readonly [boolean, Key, string])[] = [
    [!http && !https, "web.http_addr", "at least one of web.http_addr, web.https_addr must be set"],
    [
      https && !auto && !(cert && key),
      "web.https_addr",
      "when using web.https_addr, either web.auto_tls_host or both web.tls_cert and web.tls_key must be set",
    ],
    [
      cert !== key,
      cert ? "web.tls_cert" : "web.tls_key",
      "web.tls_cert and web.tls_key must be set or unset together",
    ],
    [
      auto && (cert || key),
      "web.auto_tls_host",
      "either use web.auto_tls_host or both web.tls_key and web.tls_cert",
    ],
    [
      !https && (auto || cert || key),
      auto ? "web.auto_tls_host" : "web.tls_cert",
      "web.auto_tls_host or web.tls_key or web.tls_cert is set but web.https_addr is not enabled",
    ],
  ];
  const broken = rules.find(([fails]) => fails);
  return broken === undefined ? files : [...files, { key: broken[1], text: broken[2] }];
};

const staticFolder: Rule = ({ draft, exists }) => {
  const path = draft["web.static_dir"];
  if (path === undefined || exists(path, "folder")) return [];
  return [
    {
      key: "web.static_dir",
      text: `{key} folder does not exist: ${path}; leave this key out for the built-in pages`,
    },
  ];
};

const isDummy = (draft: Draft): boolean => draft["dummy.sender"] || draft["dummy.scanner"];

const listeners: Rule = (desk) => {
  const { draft } = desk;
  const dummy = isDummy(draft) ? missing(desk, "dummy.http_addr", 'write for example "127.0.0.1:4121"') : [];
  const used = [
    "web.http_addr",
    "web.https_addr",
    "admin_panel.host",
    ...(isDummy(draft) ? ["dummy.http_addr" as const] : []),
  ] as const;
  const clashes = used.flatMap((key, at): Found[] => {
    const mine = draft[key];
    const other = used.slice(0, at).find((before) => overlap(mine, draft[before]));
    return other === undefined
      ? []
      : [{ key, text: `${mine?.text} is taken by ${other}; give each listener a port of its own` }];
  });
  return [...missing(desk, "admin_panel.host", 'write for example "127.0.0.1:7711"'), ...dummy, ...clashes];
};

type Listen = Draft["web.http_addr"];

function overlap(a: Listen, b: Listen): boolean {
  if (a === undefined || b === undefined || a.port !== b.port || a.port === 0) return false;
  const everywhere = [a.host, b.host].some((host) => host === "0.0.0.0" || host === "::");
  return everywhere || a.host === b.host;
}

const rules: readonly Rule[] = [bitcoin, ethereum, skycoin, passthrough, web, staticFolder, listeners];

/** brokenRules finds what is missing, does not exist, or does not go together. Source of the texts: `spec/teller.md` §2.3. */
export const brokenRules: Rule = (desk) => rules.flatMap((rule) => rule(desk));

/** cautions finds what is allowed and perhaps not meant. */
export const cautions: Rule = ({ draft }) => {
  const found: Found[] = [];
  const btc = draft["btc_scanner.enabled"];
  const server = draft["btc_rpc.server"];
  if (!btc && !draft["eth_scanner.enabled"]) {
    found.push({ key: "btc_scanner.enabled", text: "no coin is taken: every scanner is off" });
  }
  if (draft["dummy.scanner"] && !draft["dummy.sender"]) {
    found.push({
      key: "dummy.scanner",
      text: "deposits are made up and real SKY is sent for them; set dummy.sender = true as well",
    });
  }
  if (draft["dummy.sender"] && !draft["dummy.scanner"]) {
    found.push({
      key: "dummy.sender",
      text: "real deposits are taken and no SKY is sent for them; for tests only",
    });
  }
  if (btc && !draft["dummy.scanner"] && server?.tls === false && !isLoopback(server.host)) {
    found.push({
      key: "btc_rpc.server",
      text: "the password travels without encryption; use TLS, or a node on this machine",
    });
  }
  return found;
};
