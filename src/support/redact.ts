/** Replaces every secret that it knows by `***`, in each form that a program may have written it in. */
export type Redact = (text: string) => string;

const MASK = "***";

/** As many characters have to agree before a secret is compared: each pattern has at least as many. */
const WINDOW = 8;

/** A secret shorter than this would hide ordinary words. */
export const SHORTEST_SECRET = WINDOW;

/** What is looked for in a text, without line breaks. */
interface Pattern {
  readonly text: string;
  /** So much of it is a secret already, at the end of a text that was cut. */
  readonly least: number;
  /** Base64 that begins or ends inside a character: the one before or behind it holds some bits of the secret too. */
  readonly takesBefore: boolean;
  readonly takesAfter: boolean;
}

/**
 * Finds secrets plain, in base64 and base64url at each offset of a longer text, in percent-encoding and a form's, with
 * backslashes (JSON, Markdown), either of them twice, with doubled quotes, with HTML's character references, broken over
 * lines, and cut off at the end of the text. Each reading is one pass, whatever number of secrets there is. Values under eight
 * characters are passed over.
 */
export function redactor(secrets: readonly string[]): Redact {
  const find = findAll(secrets);
  return find === null ? (text) => text : (text) => mask(text, find(text), 0);
}

/** A secret that is longer, such as a key, is known by its lines too. */
const LONGEST_TAIL = 2048;
/** What may stand before the part of a secret that is on the line before: its indentation and escapes. */
const AROUND = 64;

/** The same for the lines of one stream, one after the other: a secret may be broken over them. */
export function lineRedactor(secrets: readonly string[]): Redact {
  const find = findAll(secrets);
  if (find === null) return (line) => line;
  const longest = secrets.reduce((most, secret) => Math.max(most, 2 * secret.length), 0);
  const tail = Math.min(LONGEST_TAIL, longest + AROUND);
  let before = "";
  return (line) => {
    const text = `${before}${line}`;
    const from = before.length;
    before = `${text.slice(-tail)}\n`;
    return mask(text, find(text), from);
  };
}

/** null: there is nothing to find. */
function findAll(secrets: readonly string[]): ((text: string) => readonly Span[]) | null {
  const patterns = [...new Set(secrets)].filter((secret) => secret.length >= WINDOW).flatMap(patternsOf);
  if (patterns.length === 0) return null;
  const find = createFinder(patterns);
  return (text) => {
    if (text.length < WINDOW) return [];
    return READINGS.flatMap(({ sign, read }) => (sign === null || text.includes(sign) ? find(text, read) : []));
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

function patternsOf(secret: string): readonly Pattern[] {
  // The host of an address is none: a text that ends with it is not a secret that was cut.
  const host = /^[a-z][a-z0-9+.-]*:\/\/[^/]*\/?/i.exec(secret)?.[0].length ?? 0;
  const plain = { text: withoutBreaks(secret), least: host + WINDOW, takesBefore: false, takesAfter: false };
  // Percent-encoding is of bytes: what is not ASCII is looked for as it is encoded.
  const isAscii = Buffer.byteLength(secret) === secret.length;
  const bytes = isAscii ? [] : [percentOf(secret), percentOf(secret).replace(/%../g, (hex) => hex.toUpperCase())];
  return [
    plain,
    ...bytes.map((text) => ({ ...plain, text })),
    ...[0, 1, 2].flatMap((offset) => base64Of(secret, offset)),
  ].filter(({ text }) => text.length >= WINDOW);
}

/** Every byte that is no letter, digit or one of `-._~`, in lower-case hex. */
function percentOf(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) =>
      /[A-Za-z0-9._~-]/.test(String.fromCharCode(byte))
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).padStart(2, "0")}`,
    )
    .join("");
}

/** The characters of a base64 that stand for the secret alone, where it begins at this offset modulo 3 of what is encoded. */
function base64Of(secret: string, offset: number): readonly Pattern[] {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]);
  const first = [0, 2, 3][offset] ?? 0;
  const bits = bytes.length * 8;
  const text = bytes.toString("base64").slice(first, Math.floor(bits / 6));
  const url = text.replaceAll("+", "-").replaceAll("/", "_");
  const pattern = { text, least: WINDOW, takesBefore: offset !== 0, takesAfter: bits % 6 !== 0 };
  return url === text ? [pattern] : [pattern, { ...pattern, text: url }];
}

function withoutBreaks(text: string): string {
  return text.replace(/[\r\n]+[ \t\r\n]*/g, "");
}

/** Reads the character at a place: its code, and above it (times 65536) how much of the text writes it. */
type Read = (text: string, at: number) => number;

interface Reading {
  /** A text without it reads as it is written; null: that reading itself. */
  readonly sign: string | null;
  readonly read: Read;
}

const PERCENT = 37;
const BACKSLASH = 92;

const plainAt: Read = (text, at) => 0x1_0000 + text.charCodeAt(at);

const READINGS: readonly Reading[] = [
  { sign: null, read: plainAt },
  { sign: "%", read: percentAt },
  // An address inside of an address.
  {
    sign: "%25",
    read: (text, at) => {
      const code = text.startsWith("%25", at) ? hexAt(text, at + 3, 2) : -1;
      return code < 0 ? percentAt(text, at) : 0x5_0000 + code;
    },
  },
  // A form's value.
  { sign: "+", read: (text, at) => (text.charAt(at) === "+" ? 0x1_0020 : percentAt(text, at)) },
  { sign: "\\", read: escapeAt },
  // JSON inside of JSON.
  {
    sign: "\\\\",
    read: (text, at) => {
      const outer = escapeAt(text, at);
      if (outer !== 0x2_0000 + BACKSLASH || at + 2 >= text.length) return outer;
      const inner = escapeAt(text, at + 2);
      const letter = String.fromCharCode(inner & 0xffff);
      const digits = letter === "u" ? 4 : 2;
      const code = letter === "u" || letter === "x" ? hexAt(text, at + 3, digits) : -1;
      if (code >= 0) return (3 + digits) * 0x1_0000 + code;
      return ((inner >>> 16) + 2) * 0x1_0000 + (ESCAPES[letter] ?? letter).charCodeAt(0);
    },
  },
  // SQL's and YAML's quotes.
  { sign: "''", read: (text, at) => (text.startsWith("''", at) ? 0x2_0027 : plainAt(text, at)) },
  {
    sign: "&",
    read: (text, at) => {
      if (text.charCodeAt(at) !== 38) return plainAt(text, at);
      const name = /^&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6}));/.exec(text.slice(at, at + 12));
      if (name === null) return plainAt(text, at);
      const [whole, word, decimal, hex] = name;
      const code =
        word === undefined ? Number.parseInt(decimal ?? hex ?? "", decimal === undefined ? 16 : 10) : ENTITIES[word];
      return code === undefined || code > 0xffff ? plainAt(text, at) : whole.length * 0x1_0000 + code;
    },
  },
];

function percentAt(text: string, at: number): number {
  if (text.charCodeAt(at) !== PERCENT) return plainAt(text, at);
  const code = hexAt(text, at + 1, 2);
  return code < 0 ? plainAt(text, at) : 0x3_0000 + code;
}

function escapeAt(text: string, at: number): number {
  if (text.charCodeAt(at) !== BACKSLASH || at + 1 >= text.length) return plainAt(text, at);
  const letter = text.charAt(at + 1);
  if (letter === "u" || letter === "x") {
    const digits = letter === "u" ? 4 : 2;
    const code = hexAt(text, at + 2, digits);
    return code < 0 ? plainAt(text, at) : (2 + digits) * 0x1_0000 + code;
  }
  return 0x2_0000 + (ESCAPES[letter] ?? letter).charCodeAt(0);
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };
const ENTITIES: Readonly<Record<string, number>> = { amp: 38, lt: 60, gt: 62, quot: 34, apos: 39 };

/** -1: no such number stands there. */
function hexAt(text: string, at: number, digits: number): number {
  let value = 0;
  for (let index = at; index < at + digits; index += 1) {
    const code = text.charCodeAt(index);
    const digit =
      code >= 48 && code <= 57
        ? code - 48
        : code >= 65 && code <= 70
          ? code - 55
          : code >= 97 && code <= 102
            ? code - 87
            : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

const FACTOR = 0x01000193;
/** FACTOR to the power of WINDOW. */
const OLDEST = Array.from({ length: WINDOW }).reduce<number>((power) => Math.imul(power, FACTOR), 1);
const ELLIPSIS = 0x2026;

/**
 * Rabin and Karp: a number for the last characters moves along the text, and only where it is the one of a pattern's
 * beginning is that pattern compared. So the time is that of the text, whatever number of patterns there is.
 */
function createFinder(patterns: readonly Pattern[]): (text: string, read: Read) => readonly Span[] {
  const byStart = new Map<number, Pattern[]>();
  // Most places are no pattern's beginning: this table says so sooner than the map does.
  const isStart = new Uint8Array(0x1_0000);
  for (const pattern of patterns) {
    let hash = 0;
    for (let index = 0; index < WINDOW; index += 1)
      hash = (Math.imul(hash, FACTOR) + pattern.text.charCodeAt(index)) | 0;
    isStart[hash & 0xffff] = 1;
    byStart.set(hash, [...(byStart.get(hash) ?? []), pattern]);
  }
  return (text, read) => {
    const spans: Span[] = [];
    const codes = new Uint16Array(WINDOW);
    const places = new Uint32Array(WINDOW);
    let [hash, count, isIndent] = [0, 0, false];
    for (let at = 0; at < text.length; ) {
      const unit = read(text, at);
      const code = unit & 0xffff;
      const place = at;
      at += unit >>> 16;
      if (isBreak(code)) isIndent = true;
      if (isBreak(code) || isInvisible(code) || (isIndent && isBlank(code))) continue;
      isIndent = false;
      const slot = count % WINDOW;
      hash = (Math.imul(hash, FACTOR) + code - Math.imul(codes[slot] ?? 0, OLDEST)) | 0;
      codes[slot] = code;
      places[slot] = place;
      count += 1;
      if (count < WINDOW || isStart[hash & 0xffff] === 0) continue;
      const start = places[count % WINDOW] ?? 0;
      for (const pattern of byStart.get(hash) ?? []) {
        const span = compare(text, start, pattern, read);
        const last = spans.at(-1);
        if (span !== null && last !== undefined && span.start < last.end)
          spans[spans.length - 1] = { start: Math.min(last.start, span.start), end: Math.max(last.end, span.end) };
        else if (span !== null) spans.push(span);
      }
    }
    return spans;
  };
}

/** Where the pattern, or what a cut has left of it, stands in the text from this place on; null: it does not. */
function compare(text: string, start: number, pattern: Pattern, read: Read): Span | null {
  let [at, end, found, isIndent, isCut] = [start, start, 0, false, true];
  while (at < text.length && found < pattern.text.length) {
    const unit = read(text, at);
    const code = unit & 0xffff;
    if (isBreak(code)) isIndent = true;
    if (!isBreak(code) && !isInvisible(code) && !(isIndent && isBlank(code))) {
      isIndent = false;
      isCut = code === ELLIPSIS;
      if (code !== pattern.text.charCodeAt(found)) break;
      isCut = true;
      found += 1;
      end = at + (unit >>> 16);
    }
    at += unit >>> 16;
  }
  if (found < pattern.text.length) return isCut && found >= pattern.least ? { start, end } : null;
  const takesBefore = pattern.takesBefore && isBase64(text, start - 1) && text.charAt(start - 2) !== "\\";
  const takesAfter = pattern.takesAfter && isBase64(text, end);
  return { start: takesBefore ? start - 1 : start, end: takesAfter ? end + 1 : end };
}

function isBreak(code: number): boolean {
  return code === 10 || code === 13;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

/** A zero-width space, which keeps Markdown from a mention. */
function isInvisible(code: number): boolean {
  return code === 0x200b;
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
