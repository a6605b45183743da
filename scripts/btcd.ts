/**
 * btcd: prints the path of a btcd for the tests: `$BTCD_BIN`, or one that is built into .tools/gobin.
 *
 *   bun scripts/btcd.ts
 *
 * Ends with 1 where there is neither a btcd nor a Go toolchain.
 */
import { join } from "node:path";
import { installBtcd } from "../standin/btcd/install.ts";

const path = installBtcd({ bin: process.env["BTCD_BIN"], into: join(import.meta.dir, "../.tools/gobin") });
if (path === undefined) {
  console.error("btcd: there is no Go toolchain to build it, and BTCD_BIN is not set");
  process.exitCode = 1;
} else {
  console.log(path);
}
