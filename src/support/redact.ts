import { Cursor, READINGS, type Reading, WINDOW } from "./readings.ts";
import { type Pattern, patternsOf } from "./secret-patterns.ts";

/** Replaces every secret that it knows by `***`, in each form that a program may have written it in. */
export type Redact = (text: string) => string;

const MASK = "***";

/** A secret shorter than this would hide ordinary words. */
export const SHORTEST_SECRET = WINDOW;

/**
 * Finds secrets in the forms of `patternsOf` and in all `READINGS` of a text, also broken over lines, with what cannot be seen
 * between their characters, and cut off at the end of the text. Each reading is one pass, whatever number of secrets there
 * is. Values under eight characters are passed over. docs/secrets.md says what is found and what is not.
 */
export function redactor(secrets: readonly string[]): Redact {
  const find = findAll(secrets);
  return find === null ? (text) => text : (text) => mask(text, find(text).spans, 0);
}

/** No secret is looked for over more than this: one that is longer, such as a key, is known by its lines too. */
const LONGEST_TAIL = 2048;
/** In so much, at least, stand the last seven characters of a line, with their escapes: a secret may begin with them. */
const SHORTEST_TAIL = 128;

/** The same for the lines of one stream, one after the other: a secret may be broken over them. */
export function lineRedactor(secrets: readonly string[]): Redact {
  const find = findAll(secrets);
  if (find === null) return (line) => line;
  let before = "";
  return (line) => {
    const text = `${before}${line}`;
    const from = before.length;
    const { spans, open } = find(text);
    // Of what is behind, only what a secret may have begun in is read again.
    const tail = Math.max(SHORTEST_TAIL, Math.min(LONGEST_TAIL, text.length - open));
    before = `${text.slice(-tail)}\n`;
    return mask(text, spans, from);
  };
}

interface SecretHits {
  readonly spans: readonly Span[];
  /** Where a secret begins that the end of the text cuts off; the text's length: none does. */
  readonly open: number;
}

/** null: there is nothing to find. */
function findAll(secrets: readonly string[]): ((text: string) => SecretHits) | null {
  const patterns = [...new Set(secrets)].filter((secret) => secret.length >= WINDOW).flatMap(patternsOf);
  if (patterns.length === 0) return null;
  const table = tableOf(patterns);
  const finders = READINGS.map((reading) => [reading.sign, createFinder(table, reading)] as const);
  return (text) => {
    const found = finders.flatMap(([sign, find]) => (sign === null || text.includes(sign) ? [find(text)] : []));
    return {
      spans: found.flatMap(({ spans }) => spans),
      open: found.reduce((first, { open }) => Math.min(first, open), text.length),
    };
  };
}

/** The same value with every text in it redacted, the names of its fields too. Nothing but lists and plain objects is entered. */
export function redactAll<T>(value: T, redact: Redact): T {
  return redactValue(value, redact) as T;
}

function redactValue(value: unknown, redact: Redact): unknown {
  if (typeof value === "string") return redact(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => redactValue(item, redact));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [redact(key), redactValue(item, redact)]));
}

interface Span {
  readonly start: number;
  readonly end: number;
}

const FACTOR = 0x01000193;
/** FACTOR to the power of WINDOW. */
const OLDEST = Array.from({ length: WINDOW }).reduce<number>((power) => Math.imul(power, FACTOR), 1);
const ELLIPSIS = 0x2026;
const DOT = 46;

/** A pattern, and how many of its characters the one before it in the order of texts has too. */
interface Sorted {
  readonly pattern: Pattern;
  readonly shared: number;
}

/** Patterns by the number of their first characters. */
interface Table {
  readonly byStart: ReadonlyMap<number, readonly Sorted[]>;
  /** Most places are no pattern's beginning: this table says so sooner than the map does. */
  readonly isStart: Uint8Array;
}

function tableOf(patterns: readonly Pattern[]): Table {
  const byStart = new Map<number, Pattern[]>();
  const isStart = new Uint8Array(0x1_0000);
  for (const pattern of patterns) {
    let hash = 0;
    for (let index = 0; index < WINDOW; index += 1)
      hash = (Math.imul(hash, FACTOR) + pattern.text.charCodeAt(index)) | 0;
    isStart[hash & 0xffff] = 1;
    byStart.set(hash, [...(byStart.get(hash) ?? []), pattern]);
  }
  return { byStart: new Map([...byStart].map(([hash, like]) => [hash, sorted(like)])), isStart };
}

function sorted(patterns: readonly Pattern[]): readonly Sorted[] {
  const inOrder = [...patterns].sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
  return inOrder.map((pattern, index) => {
    const before = inOrder[index - 1]?.text ?? "";
    let shared = 0;
    while (shared < before.length && before[shared] === pattern.text[shared]) shared += 1;
    return { pattern, shared };
  });
}

/**
 * Rabin and Karp: a number for the last characters moves along the text, and only where it is the one of a pattern's
 * beginning is that pattern compared. So the time is that of the text, whatever number of patterns there is.
 */
function createFinder({ byStart, isStart }: Table, reading: Reading): (text: string) => SecretHits {
  const codes = new Uint16Array(WINDOW);
  const places = new Uint32Array(WINDOW);
  const cursor = new Cursor(reading);
  const candidate = new Candidate(new Cursor(reading));
  return (text) => {
    const spans: Span[] = [];
    let [hash, count, open] = [0, 0, text.length];
    codes.fill(0);
    cursor.begin(text, 0);
    while (cursor.next()) {
      const slot = count % WINDOW;
      hash = (Math.imul(hash, FACTOR) + cursor.code - Math.imul(codes[slot] ?? 0, OLDEST)) | 0;
      codes[slot] = cursor.code;
      places[slot] = cursor.start;
      count += 1;
      if (count < WINDOW || isStart[hash & 0xffff] === 0) continue;
      const like = byStart.get(hash);
      if (like === undefined) continue;
      const start = places[count % WINDOW] ?? 0;
      candidate.begin(text, start);
      for (const each of like) {
        const { span, isOpen } = candidate.compare(each);
        if (isOpen) open = Math.min(open, start);
        const last = spans.at(-1);
        if (span !== null && last !== undefined && span.start < last.end)
          spans[spans.length - 1] = { start: Math.min(last.start, span.start), end: Math.max(last.end, span.end) };
        else if (span !== null) spans.push(span);
      }
    }
    return { spans, open };
  };
}

/** A text from a place on, read once for all patterns that it is compared with. */
class Candidate {
  readonly #cursor: Cursor;
  #text = "";
  #start = 0;
  readonly #codes: number[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #count = 0;
  #isAtEnd = false;
  /** So many characters of the last pattern agreed. */
  #found = 0;

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
  }

  begin(text: string, start: number): void {
    this.#text = text;
    this.#start = start;
    this.#count = 0;
    this.#isAtEnd = false;
    this.#found = 0;
    this.#cursor.begin(text, start);
  }

  /** Where the pattern, or what a cut has left of it, stands; null: it does not. `isOpen`: the text's end cuts it. */
  compare({ pattern, shared }: Sorted): { readonly span: Span | null; readonly isOpen: boolean } {
    const [text, start] = [this.#text, this.#start];
    const { length } = pattern.text;
    // Where the one before it differed already, or after what both have, this one goes on.
    const known = Math.min(shared, this.#found);
    for (let found = known; found < length; found += 1) {
      this.#found = found;
      const isOpen = found >= this.#count && !this.#readOn();
      const code = this.#codes[found];
      if (!isOpen && code === pattern.text.charCodeAt(found)) continue;
      const isCut =
        isOpen || code === ELLIPSIS || (code === DOT && text.startsWith("...", this.#starts[found] ?? text.length));
      return { span: isCut && found >= pattern.least ? { start, end: this.#ends[found - 1] ?? start } : null, isOpen };
    }
    this.#found = length;
    const end = this.#ends[length - 1] ?? start;
    const takesBefore = pattern.takesBefore && isBase64(text, start - 1) && text.charAt(start - 2) !== "\\";
    const takesAfter = pattern.takesAfter && isBase64(text, end);
    return { span: { start: takesBefore ? start - 1 : start, end: takesAfter ? end + 1 : end }, isOpen: false };
  }

  #readOn(): boolean {
    if (this.#isAtEnd || !this.#cursor.next()) {
      this.#isAtEnd = true;
      return false;
    }
    this.#codes[this.#count] = this.#cursor.code;
    this.#starts[this.#count] = this.#cursor.start;
    this.#ends[this.#count] = this.#cursor.end;
    this.#count += 1;
    return true;
  }
}

function isBase64(text: string, at: number): boolean {
  return at >= 0 && /^[A-Za-z0-9+/_-]$/.test(text.charAt(at));
}

/** The text from there on. */
function mask(text: string, spans: readonly Span[], from: number): string {
  if (spans.length === 0) return text.slice(from);
  const parts: string[] = [];
  let done = from;
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    if (end > done && (start >= done || done === from)) parts.push(text.slice(done, Math.max(done, start)), MASK);
    done = Math.max(done, end);
  }
  return [...parts, text.slice(done)].join("");
}
