import { type Answer, json } from "./answer.ts";
import { goDuration } from "./go.ts";
import type { Question, Route } from "./question.ts";
import { headerShape, rulesShape } from "./shapes.ts";
import type { World } from "./world.ts";

/** statusRoutes answer about the node itself. Source: `spec/skycoin.md` §14.2. */
export const statusRoutes: Readonly<Record<string, Route>> = {
  "/api/v1/health": { methods: ["GET"], answer: health },
  "/api/v1/blockchain/metadata": { methods: ["GET"], answer: ({ world }) => json(metadata(world)) },
  "/api/v1/blockchain/progress": { methods: ["GET"], answer: progress },
  "/api/v1/network/connections": { methods: ["GET"], answer: connections },
};

/** versionInfo is what the node calls itself: the stock node that it stands in for. */
export const versionInfo = { version: "0.27.1", commit: "", branch: "" };
const userAgent = "skycoin:0.27.1";
const firstPeerPort = 6000;

function metadata({ view }: World) {
  return { head: headerShape(view.head()), unspents: view.unspentCount(), unconfirmed: view.pool().length };
}

function health({ world }: Question): Answer {
  const now = world.clock.now();
  const sinceBlock = Math.floor(now / 1000) - world.view.head().time;
  return json({
    blockchain: { ...metadata(world), time_since_last_block: goDuration(sinceBlock * 1000) },
    version: versionInfo,
    coin: "skycoin",
    user_agent: userAgent,
    open_connections: world.peers,
    outgoing_connections: world.peers,
    incoming_connections: 0,
    uptime: goDuration(now - world.startedAt),
    csrf_enabled: true,
    header_check_enabled: true,
    csp_enabled: true,
    wallet_api_enabled: true,
    gui_enabled: false,
    block_publisher: false,
    user_verify_transaction: rulesShape(world.rules),
    unconfirmed_verify_transaction: rulesShape(world.rules),
    started_at: Math.floor(world.startedAt / 1000),
    fiber: {
      name: "skycoin",
      display_name: "Skycoin",
      ticker: "SKY",
      coin_hours_display_name: "Coin Hours",
      coin_hours_display_name_singular: "Coin Hour",
      coin_hours_ticker: "SCH",
      qr_uri_prefix: "skycoin",
      explorer_url: "https://explorer.skycoin.com",
      version_url: "https://version.skycoin.com/skycoin/version.txt",
      bip44_coin: 8000,
    },
  });
}

const peerAddress = (i: number): string => `127.0.0.1:${firstPeerPort + i}`;

function progress({ world }: Question): Answer {
  const seq = world.view.head().seq;
  const peers = Array.from({ length: world.peers }, (_, i) => ({ address: peerAddress(i), height: 0 }));
  return json({ current: seq, highest: Math.max(seq, world.chain.head().seq), peers });
}

function connections({ world }: Question): Answer {
  const now = Math.floor(world.clock.now() / 1000);
  return json({
    connections: Array.from({ length: world.peers }, (_, i) => ({
      id: i + 1,
      address: peerAddress(i),
      last_sent: now,
      last_received: now,
      connected_at: Math.floor(world.startedAt / 1000),
      outgoing: true,
      state: "introduced",
      mirror: 1,
      listen_port: firstPeerPort + i,
      height: 0,
      user_agent: userAgent,
      is_trusted_peer: false,
      unconfirmed_verify_transaction: rulesShape(world.rules),
    })),
  });
}
