/**
 * How a text is read where a secret is looked for: what a program writes for one character (an escape, a percent code) is that
 * character, and what stands between two of them and is not seen, or begins a line, is passed over.
 */

/** As many characters have to agree before a secret is compared: each pattern has at least as many. */
export const WINDOW = 8;

/** Reads the character at a place: its code, and above it (times 65536) how much of the text writes it. */
type ReadOne = (text: string, at: number) => number;

export interface Reading {
  /** A text without it reads as it is written; null: that reading itself. */
  readonly sign: string | null;
  /** Characters that what is read otherwise than it is written begins with: at most two. */
  readonly first: string;
  readonly read: ReadOne;
  /** Escape sequences of a terminal are passed over; else only their first character is. */
  readonly skipsSequences: boolean;
  /** What may stand before a line is passed over: marks, times, numbers of lines. Else its indentation alone. */
  readonly skipsGutters: boolean;
}

const PERCENT = 37;
const BACKSLASH = 92;

const plainAt: ReadOne = (text, at) => 0x1_0000 + text.charCodeAt(at);
const readAs =
  (written: string, code: number): ReadOne =>
  (text, at) =>
    text.startsWith(written, at) ? written.length * 0x1_0000 + code : plainAt(text, at);

const PLAIN = { skipsSequences: false, skipsGutters: false } as const;
const SHOWN = { skipsSequences: true, skipsGutters: false } as const;
const IN_GUTTER = { skipsSequences: true, skipsGutters: true } as const;

export const READINGS: readonly Reading[] = [
  { sign: null, first: "", read: plainAt, ...PLAIN },
  { sign: "\u001b", first: "", read: plainAt, ...SHOWN },
  { sign: "\n", first: "", read: plainAt, ...IN_GUTTER },
  { sign: "%", first: "%", read: percentAt, ...SHOWN },
  // An address inside of an address.
  {
    sign: "%25",
    first: "%",
    read: (text, at) => {
      const code = text.startsWith("%25", at) ? hexAt(text, at + 3, 2) : -1;
      return code < 0 ? percentAt(text, at) : 0x5_0000 + code;
    },
    ...SHOWN,
  },
  // A form's value.
  { sign: "+", first: "+%", read: (text, at) => (text.charAt(at) === "+" ? 0x1_0020 : percentAt(text, at)), ...SHOWN },
  { sign: "\\", first: "\\", read: escapeAt, ...SHOWN },
  { sign: "\\n", first: "\\", read: escapeAt, ...IN_GUTTER },
  // JSON inside of JSON.
  {
    sign: "\\\\",
    first: "\\",
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
    ...SHOWN,
  },
  // SQL's and YAML's quotes; a shell's, and those of Python's shlex.
  { sign: "''", first: "'", read: readAs("''", 39), ...SHOWN },
  { sign: "'\\''", first: "'", read: readAs("'\\''", 39), ...SHOWN },
  { sign: "'\"'\"'", first: "'", read: readAs("'\"'\"'", 39), ...SHOWN },
  {
    sign: "&",
    first: "&",
    read: (text, at) => {
      if (text.charCodeAt(at) !== 38) return plainAt(text, at);
      const name = /^&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6}));/.exec(text.slice(at, at + 12));
      if (name === null) return plainAt(text, at);
      const [whole, word, decimal, hex] = name;
      const code =
        word === undefined ? Number.parseInt(decimal ?? hex ?? "", decimal === undefined ? 16 : 10) : ENTITIES[word];
      return code === undefined || code > 0xffff ? plainAt(text, at) : whole.length * 0x1_0000 + code;
    },
    ...SHOWN,
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
  if (letter >= "0" && letter <= "3") {
    const octal = /^[0-3][0-7]{2}/.exec(text.slice(at + 1, at + 4))?.[0];
    if (octal !== undefined) return 0x4_0000 + Number.parseInt(octal, 8);
  }
  return 0x2_0000 + (ESCAPES[letter] ?? letter).charCodeAt(0);
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", e: "\u001b" };
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

const OTHER = 0;
const BREAK = 1;
const UNSEEN = 2;
const BLANK = 3;
const MARK = 4;
const NUMBER = 5;

/** What each character is to a reading. Unseen are controls and what Unicode has to be ignored where it is shown. */
const KINDS = new Uint8Array(0x1_0000);
for (const [from, to] of [
  ...[
    [0x00, 0x08],
    [0x0e, 0x1f],
    [0x7f, 0x84],
    [0x86, 0x9f],
    [0xad, 0xad],
    [0x34f, 0x34f],
    [0x600, 0x605],
  ],
  ...[
    [0x61c, 0x61c],
    [0x6dd, 0x6dd],
    [0x70f, 0x70f],
    [0x890, 0x891],
    [0x8e2, 0x8e2],
    [0x115f, 0x1160],
  ],
  ...[
    [0x17b4, 0x17b5],
    [0x180b, 0x180f],
    [0x200b, 0x200f],
    [0x202a, 0x202e],
    [0x2060, 0x206f],
    [0x3164, 0x3164],
  ],
  ...[
    [0xfe00, 0xfe0f],
    [0xfeff, 0xfeff],
    [0xffa0, 0xffa0],
    [0xfff0, 0xfffb],
  ],
] as const)
  KINDS.fill(UNSEEN, from, to + 1);
for (const mark of "\n\r\u000b\u000c\u0085\u2028\u2029") KINDS[mark.charCodeAt(0)] = BREAK;
for (const mark of " \t") KINDS[mark.charCodeAt(0)] = BLANK;
for (const mark of "|│┃┆>#*") KINDS[mark.charCodeAt(0)] = MARK;
for (const mark of "0123456789:.,-/TZ[]") KINDS[mark.charCodeAt(0)] = NUMBER;

/** No character has this code. */
const NONE = -1;
const COLON = 58;
const ESCAPE = 0x1b;
/** Tags and further forms: half a character that is followed by another half. */
const TAGS = 0xdb40;

/** Goes through a text, character by character. */
export class Cursor {
  /** The character, and where in the text what writes it begins and ends. */
  code = 0;
  start = 0;
  end = 0;
  readonly #reading: Omit<Reading, "sign">;
  readonly #first: number;
  readonly #second: number;
  #text = "";
  #isAtStart = false;
  #isOver = false;
  #colons = 0;
  /** 1: behind the first character of an escape sequence, 2: inside of one, 3: behind half a tag. */
  #inside: 0 | 1 | 2 | 3 = 0;

  constructor(reading: Omit<Reading, "sign">) {
    this.#reading = reading;
    this.#first = reading.first.length > 0 ? reading.first.charCodeAt(0) : NONE;
    this.#second = reading.first.length > 1 ? reading.first.charCodeAt(1) : NONE;
  }

  begin(text: string, at: number): void {
    this.#text = text;
    this.end = at;
    this.#isAtStart = false;
    this.#inside = 0;
  }

  /** Goes on to the next character; false where there is none. */
  next(): boolean {
    const text = this.#text;
    while (this.end < text.length) {
      let code = text.charCodeAt(this.end);
      this.start = this.end;
      if (code === this.#first || code === this.#second) {
        const unit = this.#reading.read(text, this.end);
        code = unit & 0xffff;
        this.end += unit >>> 16;
      } else this.end += 1;
      if (this.#inside !== 0 && this.#isInside(code)) continue;
      const kind = KINDS[code] ?? OTHER;
      if (kind === UNSEEN) {
        if (code === ESCAPE && this.#reading.skipsSequences) this.#inside = 1;
        continue;
      }
      if (code === TAGS) {
        this.#inside = 3;
        continue;
      }
      if (kind === BREAK) {
        this.#isAtStart = true;
        this.#isOver = false;
        this.#colons = 0;
        continue;
      }
      if (this.#isAtStart && this.#isGutter(kind, code)) continue;
      this.#isAtStart = false;
      this.code = code;
      return true;
    }
    return false;
  }

  /** https://ecma-international.org/publications-and-standards/standards/ecma-48/: parameters, then a letter. */
  #isInside(code: number): boolean {
    const [was, isParameter] = [this.#inside, code >= 0x20 && code <= 0x3f];
    this.#inside = was === 1 && code === 0x5b ? 2 : was === 2 && isParameter ? 2 : 0;
    if (was === 1) return this.#inside === 2;
    return was === 2 ? isParameter || (code >= 0x40 && code <= 0x7e) : code >= 0xdc00 && code <= 0xdfff;
  }

  #isGutter(kind: number, code: number): boolean {
    // Behind a mark and behind a time the text begins, also with a number.
    if (kind === MARK || (kind === BLANK && this.#colons > 1)) this.#isOver = true;
    if (kind === BLANK) return true;
    if (code === COLON) this.#colons += 1;
    return this.#reading.skipsGutters && (kind === MARK || (kind === NUMBER && !this.#isOver));
  }
}

/** A text as the plain reading gives it. */
export function asCompared(text: string): string {
  const cursor = new Cursor({ first: "", read: plainAt, ...PLAIN });
  const codes: string[] = [];
  cursor.begin(text, 0);
  while (cursor.next()) codes.push(String.fromCharCode(cursor.code));
  return codes.join("");
}
