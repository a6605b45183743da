import type { Row } from "./faulty_row.ts";
import { btcdRows } from "./faulty_rows_btcd.ts";
import { skycoinRows } from "./faulty_rows_skycoin.ts";

/** faultyNodes is the table of what can be wrong with a node. Each row has a test of its name, and each such test a row. */
export const faultyNodes: readonly Row[] = [
  ...btcdRows.map((row) => ({ ...row, node: "btcd" as const })),
  ...skycoinRows.map((row) => ({ ...row, node: "skycoin" as const })),
];
