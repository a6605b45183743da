#!/usr/bin/env bun
import { Command, InvalidArgumentError } from "commander";
import { messageOf } from "#internal/fault";
import { help } from "./control.ts";
import { type Skynode, type SkynodeOptions, startSkynode } from "./skynode.ts";

/** The stand-in node, started by hand. */

function number(text: string): number {
  const n = Number(text);
  if (text.trim() === "" || !Number.isFinite(n) || n < 0) throw new InvalidArgumentError("expected a number");
  return n;
}

function factor(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError("expected a positive integer");
  return Number(text);
}

interface Flags {
  readonly port: number;
  readonly host: string;
  readonly blockSeconds: number;
  readonly cleanSeconds: number;
  readonly foreignSeconds: number;
  readonly burnFactor: number;
  readonly publisherBurnFactor: number;
  readonly peers: number;
  readonly keep?: readonly string[];
  readonly history?: number;
}

const commandList = Object.entries(help()).map(([name, text]) => `  POST /control/${name}  ${text}`);

function program(): Command {
  return new Command("skynode")
    .description(
      "A stand-in for a Skycoin node (REST v1 and v2) on the private test chain. Its keys are public.",
    )
    .option("--port <n>", "port to listen on; 0 takes a free one", number, 6420)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--block-seconds <n>", "seconds between blocks; 0: only on command", number, 10)
    .option("--clean-seconds <n>", "seconds between clean-ups of the pool; 0: with every block", number, 60)
    .option("--foreign-seconds <n>", "a block of others follows each block so much later; 0: none", number, 0)
    .option("--burn-factor <n>", "one part in so many of the hours must burn, says this node", factor, 10)
    .option("--publisher-burn-factor <n>", "the same, says the node that makes blocks", factor, 10)
    .option("--peers <n>", "how many peers the node has; with none it cannot broadcast", number, 1)
    .option("--keep <address...>", "keep only outputs of these addresses (saves memory)")
    .option("--history <n>", "keep transactions of so many blocks only", number)
    .addHelpText("after", `\nCommands to the running node (JSON in and out):\n${commandList.join("\n")}`);
}

function optionsOf(flags: Flags): SkynodeOptions {
  const { host, burnFactor, publisherBurnFactor, keep, history, ...same } = flags;
  return {
    ...same,
    hostname: host,
    rules: { burnFactor: BigInt(burnFactor) },
    publisher: { burnFactor: BigInt(publisherBurnFactor) },
    ...(keep === undefined ? {} : { keep }),
    ...(history === undefined ? {} : { history }),
  };
}

async function untilSignal(): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
}

async function main(): Promise<number> {
  const flags = program().parse().opts<Flags>();
  let node: Skynode;
  try {
    node = startSkynode(optionsOf(flags));
  } catch (error) {
    process.stderr.write(`skynode: ${messageOf(error)}\n`);
    return 1;
  }
  process.stdout.write(`skynode listens on ${node.url}, commands under ${node.url}/control/\n`);
  await untilSignal();
  await node.stop();
  return 0;
}

if (import.meta.main) process.exitCode = await main();
