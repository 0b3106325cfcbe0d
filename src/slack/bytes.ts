import { deflateRawSync, inflateRawSync } from "node:zlib";

/** Numbers and short texts in as few characters as a message's metadata needs: bytes, written as base64url. */

export interface ByteWriter {
  /** A whole number from 0 on, in as many bytes as it needs. */
  number(value: number): void;
  bytes(value: Uint8Array): void;
  text(value: string): void;
  done(): Uint8Array;
}

export interface ByteReader {
  number(): number;
  bytes(length: number): Uint8Array;
  text(): string;
  /** Whether all has been read. */
  isOver(): boolean;
}

const MOST_BYTES_OF_NUMBER = 8;

export function createWriter(): ByteWriter {
  const out: number[] = [];
  const number = (value: number) => {
    let rest = Number.isFinite(value) ? Math.max(0, Math.round(value)) : 0;
    while (rest >= 0x80) {
      out.push((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    out.push(rest);
  };
  const bytes = (value: Uint8Array) => {
    for (const byte of value) out.push(byte);
  };
  return {
    number,
    bytes,
    text: (value) => {
      const encoded = Buffer.from(value, "utf8");
      number(encoded.length);
      bytes(encoded);
    },
    done: () => Uint8Array.from(out),
  };
}

/** Far above what any message holds. */
const MOST_UNPACKED = 256 * 1024;

/** Columns, one after the other, deflated: what is alike stands together. */
export function joinColumns(columns: readonly Uint8Array[]): string {
  const out = createWriter();
  for (const column of columns) {
    out.number(column.length);
    out.bytes(column);
  }
  return deflateRawSync(out.done(), { level: 9 }).toString("base64url");
}

/** Throws a RangeError for what `joinColumns` has not made. */
export function splitColumns(packed: string, count: number): readonly ByteReader[] {
  let bytes: Uint8Array;
  try {
    bytes = inflateRawSync(Buffer.from(packed, "base64url"), { maxOutputLength: MOST_UNPACKED });
  } catch {
    throw new RangeError("the packed state is damaged");
  }
  const read = createReader(bytes);
  return Array.from({ length: count }, () => createReader(read.bytes(read.number())));
}

/** Throws a RangeError where the bytes end too early. */
export function createReader(buffer: Uint8Array): ByteReader {
  let at = 0;
  const take = (length: number) => {
    if (at + length > buffer.length) throw new RangeError("the packed state breaks off");
    at += length;
    return buffer.subarray(at - length, at);
  };
  const number = () => {
    let value = 0;
    for (let index = 0; index < MOST_BYTES_OF_NUMBER; index += 1) {
      const byte = take(1)[0] ?? 0;
      value += (byte & 0x7f) * 0x80 ** index;
      if (byte < 0x80) return value;
    }
    throw new RangeError("the packed state holds a number without end");
  };
  return {
    number,
    bytes: take,
    text: () => Buffer.from(take(number())).toString("utf8"),
    isOver: () => at >= buffer.length,
  };
}
