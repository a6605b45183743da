import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Row is one figure of a run, measured several times. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly min: number;
  readonly median: number;
  readonly max: number;
  /** In words; absent where the figure is only to be known. */
  readonly goal?: string;
  readonly met?: boolean;
}

/** median is the middle of the values, the lower one of an even number. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;
}

/** spread gives the least, the middle and the largest value. */
export function spread(values: readonly number[]): Pick<Row, "min" | "median" | "max"> {
  return { min: Math.min(...values), median: median(values), max: Math.max(...values) };
}

/** shown writes a figure with three digits that count, more only before the point. */
function shown(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** table gives the rows as text, a line each. */
export function table(rows: readonly Row[]): string {
  const lines = [["", "min", "median", "max", "", "goal", ""]];
  for (const { name, unit, min, median: middle, max, goal = "", met } of rows) {
    const verdict = met === undefined ? "" : met ? "met" : "NOT MET";
    lines.push([name, shown(min), shown(middle), shown(max), unit, goal, verdict]);
  }
  const widths =
    lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  const right = new Set([1, 2, 3]);
  const cell = (text: string, column: number) =>
    right.has(column) ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0);
  return lines.map((line) => line.map(cell).join("  ").trimEnd()).join("\n");
}

/** writeReport keeps the run for programs. */
export function writeReport(path: string, report: Readonly<Record<string, unknown>>): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(report, undefined, 2)}\n`);
}
