import fc from "fast-check";

/** Edit is one way to spoil a row of items. Places are parts of the length, so that an edit fits any row. */
interface Edit<T> {
  readonly kind: "cut" | "repeat" | "insert" | "replace" | "end" | "splice";
  readonly at: number;
  readonly length: number;
  readonly items: readonly T[];
  readonly from: number;
}

const most = 2 ** 20;
const longestEdit = 64;

function edits<T>(item: fc.Arbitrary<readonly T[]>): fc.Arbitrary<readonly Edit<T>[]> {
  const edit = fc.record({
    kind: fc.constantFrom<Edit<T>["kind"]>("cut", "repeat", "insert", "replace", "end", "splice"),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(longestEdit),
    items: item,
    from: fc.nat(1000),
  });
  return fc.array(edit, { minLength: 1, maxLength: 6 });
}

function edited<T>(row: readonly T[], edit: Edit<T>, others: readonly (readonly T[])[]): readonly T[] {
  const at = Math.floor(edit.at * row.length);
  const [before, after] = [row.slice(0, at), row.slice(at)];
  switch (edit.kind) {
    case "cut":
      return [...before, ...after.slice(edit.length)];
    case "repeat":
      return [...before, ...after.slice(0, edit.length), ...after];
    case "insert":
      return [...before, ...edit.items, ...after];
    case "replace":
      return [...before, ...edit.items, ...after.slice(edit.items.length)];
    case "end":
      return before;
    case "splice": {
      const other = others[edit.from % others.length] ?? [];
      return [...before, ...other.slice(Math.floor(edit.at * other.length))];
    }
  }
}

function mutatedRow<T>(
  samples: readonly (readonly T[])[],
  item: fc.Arbitrary<readonly T[]>,
): fc.Arbitrary<readonly T[]> {
  return fc
    .record({ sample: fc.nat(samples.length - 1), edits: edits(item) })
    .map(({ sample, edits: list }) =>
      list.reduce<readonly T[]>(
        (row, edit) => edited(row, edit, samples).slice(0, most),
        samples[sample] ?? [],
      ),
    );
}

/** mutatedText spoils one of these texts; `words` are what is put into it, beside any characters. */
export function mutatedText(samples: readonly string[], words: readonly string[]): fc.Arbitrary<string> {
  const rows = samples.map((text) => text.split(""));
  const word = fc.oneof(fc.constantFrom(...words), fc.string({ unit: "binary", maxLength: 8 }));
  return mutatedRow(
    rows,
    word.map((text) => text.split("")),
  ).map((row) => row.join(""));
}

/** mutatedBytes spoils one of these rows of bytes. */
export function mutatedBytes(samples: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const rows = samples.map((bytes) => Array.from(bytes));
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 9 }),
    fc.constantFrom(
      Uint8Array.of(0),
      Uint8Array.of(0xfd, 0xff, 0xff),
      Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0xff),
      Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
      Uint8Array.of(0xff, 0xff, 0xff, 0x7f),
    ),
  );
  return mutatedRow(
    rows,
    piece.map((bytes) => Array.from(bytes)),
  ).map((row) => Uint8Array.from(row));
}
