import { invariant } from "#internal/fault";
import { hexOf } from "./hash.ts";

/** Malformed says why bytes cannot be read, in the words of a node. Decoders turn it into a refusal. */
export class Malformed extends Error {
  override readonly name = "Malformed";
}

/** Lists of more members are not written and not read. Source: `spec/skycoin.md` §1. */
const longestList = 65_535;
const underflow = "Not enough buffer data to deserialize";

/** Writer fills a buffer of known size from front to back; integers are little-endian. A value out of range throws. */
export interface Writer {
  u8(n: number): void;
  u32(n: number): void;
  u64(n: bigint): void;
  /** hex writes exactly `size` bytes. */
  hex(text: string, size: number): void;
  /** list writes the count and then each member. */
  list<T>(items: readonly T[], item: (value: T) => void): void;
  /** done gives the bytes; they must be as many as were promised. */
  done(): Uint8Array;
}

/** writer makes a `Writer` for exactly `size` bytes. */
export function writer(size: number): Writer {
  const bytes = Buffer.alloc(size);
  let at = 0;
  const u32 = (n: number): void => {
    at = bytes.writeUInt32LE(n, at);
  };
  return {
    u32,
    u8: (n) => {
      at = bytes.writeUInt8(n, at);
    },
    u64: (n) => {
      at = bytes.writeBigUInt64LE(n, at);
    },
    hex: (text, length) => {
      const written = text.length === 2 * length ? bytes.write(text, at, length, "hex") : -1;
      invariant(written === length, `skycoin: expected ${length} bytes as hex`);
      at += length;
    },
    list: (items, item) => {
      invariant(items.length <= longestList, "skycoin: list too long");
      u32(items.length);
      for (const value of items) item(value);
    },
    done: () => {
      invariant(at === size, "skycoin: wrong size of an encoding");
      return bytes;
    },
  };
}

/** Reader takes values from the front and throws `Malformed` where there are not enough bytes. */
export interface Reader {
  u8(): number;
  u32(): number;
  u64(): bigint;
  bytes(size: number): Uint8Array;
  hex(size: number): string;
  list<T>(item: () => T): readonly T[];
  /** end throws `Malformed` when bytes are left over. */
  end(): void;
}

/** reader makes a `Reader` of these bytes. */
export function reader(bytes: Uint8Array): Reader {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (size: number): number => {
    if (at + size > buffer.length) throw new Malformed(underflow);
    at += size;
    return at - size;
  };
  const slice = (size: number): Uint8Array => {
    const from = take(size);
    return buffer.subarray(from, from + size);
  };
  const u32 = (): number => buffer.readUInt32LE(take(4));
  return {
    u32,
    u8: () => buffer.readUInt8(take(1)),
    u64: () => buffer.readBigUInt64LE(take(8)),
    bytes: slice,
    hex: (size) => hexOf(slice(size)),
    list: (item) => {
      const count = u32();
      // A count beyond the bytes left is told first, as a node does, and no room is made for it.
      if (count > buffer.length - at) throw new Malformed(underflow);
      if (count > longestList) throw new Malformed("Maximum length exceeded for variable length field");
      return Array.from({ length: count }, item);
    },
    end: () => {
      if (at !== buffer.length) throw new Malformed("Bytes remain in buffer after deserializing object");
    },
  };
}
