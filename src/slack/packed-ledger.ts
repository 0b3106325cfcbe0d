import { createHash } from "node:crypto";
import { emptyLedger, type Ledger, type LedgerEntry, type MessageRef, type ToldAs } from "../alerts/ledger.ts";
import { type ByteReader, type ByteWriter, createWriter, joinColumns, splitColumns } from "./bytes.ts";

/**
 * A ledger as one text for the metadata of a message, which every app of the workspace can read: hashes and times alone, in
 * minutes, relative to the last run. About 14 characters for each open problem.
 */

const VERSION = 1;
const MINUTE_MS = 60_000;
const EPOCH_MS = Date.UTC(2020, 0, 1);
const HASH_BYTES = 5;
const SHORT_HASH_BYTES = 3;
/** Compared only among tests that are gone and tests that have come. */
const KEY_HASH_BYTES = 2;
const COLUMNS = 9;
/** Far above what a message holds. */
const MOST_ITEMS = 20_000;
const STATES = ["open", "recovered", "removed"] as const;
const TOLD: readonly (ToldAs | null)[] = [null, "error", "warn", "recovered", "removed"];

/** Stands for the message that holds the state, whose time is not known before it is posted. */
export const THIS_MESSAGE = "this message";

/** What hashes may stand for. */
export interface Candidates {
  /** Fingerprints, and what messages call them; null where nobody knows. */
  readonly fingerprints: ReadonlyMap<string, string | null>;
  readonly secondKeys: readonly string[];
  readonly mentions: readonly string[];
  readonly expired: readonly string[];
}

export function packLedger(ledger: Ledger): string {
  const lastRun = timeOf(ledger.lastRun) ?? EPOCH_MS;
  const out = createWriter();
  const ago = (iso: string, column = out) => column.number((lastRun - (timeOf(iso) ?? lastRun)) / MINUTE_MS);
  const agoOrNone = (iso: string | null, column = out) => {
    const ms = timeOf(iso);
    column.number(ms === null ? 0 : (lastRun - ms) / MINUTE_MS + 1);
  };
  out.number(VERSION);
  out.number((lastRun - EPOCH_MS) / 1000);
  out.number(ledger.recentRuns.length);
  for (const run of ledger.recentRuns) ago(run);
  out.number(ledger.pauses.length);
  for (const { from, to } of ledger.pauses) {
    ago(from);
    ago(to);
  }
  agoOrNone(ledger.dailyAt);
  packList(out, ledger.mentioned?.ids ?? []);
  out.text(ledger.mentioned?.day ?? "");
  packList(out, ledger.expiredTold);

  const messages = [
    ...new Set([...ledger.boards, ...ledger.entries.flatMap(({ thread }) => thread ?? [])].map(nameOf)),
  ];
  const channels = [...new Set(messages.map((name) => name.split(" ")[0] ?? ""))];
  out.number(channels.length);
  for (const channel of channels) out.text(channel);
  out.number(messages.length);
  for (const name of messages) packMessage(out, name, channels);
  const indexOf = (message: MessageRef | null) => (message === null ? 0 : messages.indexOf(nameOf(message)) + 1);

  out.number(ledger.boards.length);
  for (const board of ledger.boards) {
    out.number(indexOf(board));
    out.text(board.week);
    out.number(board.opened);
    out.number(board.fixed);
    out.number(board.isClosed ? 1 : 0);
  }
  out.number(ledger.entries.length);
  // Behind all that earlier versions read.
  if (ledger.secondStarts !== null) {
    out.number(ledger.secondStarts.days);
    out.text(ledger.secondStarts.day);
  }
  const columns = createColumns(createWriter);
  for (const entry of ledger.entries) packEntry(columns, entry, { ago, agoOrNone, indexOf, lastRun: ledger.lastRun });
  return joinColumns([out, ...Object.values(columns)].map((column) => column.done()));
}

/** What stands in a column of its own for all entries. */
function createColumns<T>(create: (index: number) => T) {
  return {
    flags: create(1),
    bits: create(2),
    hashes: create(3),
    seconds: create(4),
    first: create(5),
    runs: create(6),
    told: create(7),
    threads: create(8),
    rest: create(9),
  };
}

interface Packing {
  readonly ago: (iso: string, column: ByteWriter) => void;
  readonly agoOrNone: (iso: string | null, column: ByteWriter) => void;
  readonly indexOf: (message: MessageRef | null) => number;
  readonly lastRun: string | null;
}

/** Bits of an entry's second byte: what differs from what most have. */
const BIT = { key: 1, second: 2, since: 4, seen: 8, changes: 16, clock: 32, reminded: 64, overdue: 128 } as const;

function packEntry(
  out: ReturnType<typeof createColumns<ByteWriter>>,
  entry: LedgerEntry,
  { ago, agoOrNone, indexOf, lastRun }: Packing,
): void {
  const { state, told, severity, isFlapping, isMuted } = entry;
  const has = {
    key: entry.fingerprint.startsWith("v1:key:"),
    second: entry.secondKey !== null,
    since: entry.since !== entry.firstSeen,
    seen: entry.lastSeen !== lastRun,
    changes: entry.changes.length > 0,
    clock: entry.clockFrom !== null && entry.clockFrom !== entry.firstSeen,
    reminded: entry.remindedAt !== null,
    overdue: entry.overdueToldAt !== null,
  };
  const bits = Object.entries(has).reduce((sum, [name, isSet]) => sum + (isSet ? BIT[name as keyof typeof BIT] : 0), 0);
  const first = STATES.indexOf(state) + 4 * TOLD.indexOf(told) + (severity === "warn" ? 32 : 0);
  out.flags.bytes(Uint8Array.of(first + (isFlapping ? 64 : 0) + (isMuted ? 128 : 0)));
  out.bits.bytes(Uint8Array.of(bits));
  out.hashes.bytes(hashOf(entry.fingerprint, HASH_BYTES));
  if (entry.secondKey !== null) out.seconds.bytes(hashOf(entry.secondKey, KEY_HASH_BYTES));
  ago(entry.firstSeen, out.first);
  if (has.since) ago(entry.since, out.rest);
  if (has.seen) ago(entry.lastSeen, out.rest);
  out.runs.number(entry.runs);
  agoOrNone(entry.notifiedAt, out.told);
  out.threads.number(indexOf(entry.thread));
  if (has.changes) {
    out.rest.number(entry.changes.length);
    for (const change of entry.changes) ago(change, out.rest);
  }
  if (has.clock) ago(entry.clockFrom ?? "", out.rest);
  if (has.reminded) agoOrNone(entry.remindedAt, out.rest);
  if (has.overdue) agoOrNone(entry.overdueToldAt, out.rest);
}

/**
 * The ledger of a packed text that stands in the message `self`; what none of the candidates has the hash of keeps it as its
 * name. null: it is damaged, or of a later version.
 */
export function unpackLedger(packed: string, scope: string, self: MessageRef, candidates: Candidates): Ledger | null {
  try {
    const [head, ...others] = splitColumns(packed, COLUMNS + 1);
    return head === undefined ? null : readLedger(head, others, scope, self, candidates);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function readLedger(
  read: ByteReader,
  others: readonly ByteReader[],
  scope: string,
  self: MessageRef,
  candidates: Candidates,
): Ledger | null {
  if (read.number() !== VERSION) return null;
  const lastRun = EPOCH_MS + read.number() * 1000;
  const iso = (minutes: number) => new Date(lastRun - minutes * MINUTE_MS).toISOString();
  const ago = (column = read) => iso(column.number());
  const agoOrNone = (column = read) => {
    const minutes = column.number();
    return minutes === 0 ? null : iso(minutes - 1);
  };
  const list = <T>(item: () => T, column = read): T[] => Array.from({ length: lengthIn(column) }, () => item());
  const recentRuns = list(() => ago());
  const pauses = list(() => ({ from: ago(), to: ago() }));
  const dailyAt = agoOrNone();
  const mentionIds = readList(read, candidates.mentions);
  const day = read.text();
  const expiredTold = readList(read, candidates.expired);
  const channels = list(() => read.text());
  const messages = list(() => readMessage(read, channels, self));
  const message = (column = read) => messages[column.number() - 1] ?? null;
  const boards = list(() => ({
    ...(message() ?? self),
    week: read.text(),
    opened: read.number(),
    fixed: read.number(),
    isClosed: read.number() === 1,
  }));
  const fingerprints = byHash([...candidates.fingerprints.keys()], HASH_BYTES);
  const secondKeys = byHash(candidates.secondKeys, KEY_HASH_BYTES);
  const column = createColumns((index) => others[index - 1] ?? read);
  const entries = list((): LedgerEntry => {
    const [[first = 0], [bits = 0]] = [column.flags.bytes(1), column.bits.bytes(1)];
    const has = (name: keyof typeof BIT) => (bits & BIT[name]) !== 0;
    const hash = hex(column.hashes.bytes(HASH_BYTES));
    const fingerprint = fingerprints.get(hash) ?? `v1:${has("key") ? "key:" : ""}#${hash}`;
    const second = has("second") ? hex(column.seconds.bytes(KEY_HASH_BYTES)) : null;
    const firstSeen = ago(column.first);
    const severity = (first & 32) === 0 ? "error" : "warn";
    return {
      fingerprint,
      name: candidates.fingerprints.get(fingerprint) ?? null,
      secondKey: second === null ? null : (secondKeys.get(second) ?? `#${second}`),
      state: STATES[first & 3] ?? "open",
      firstSeen,
      since: has("since") ? ago(column.rest) : firstSeen,
      lastSeen: has("seen") ? ago(column.rest) : new Date(lastRun).toISOString(),
      severity,
      told: TOLD[(first >> 2) & 7] ?? null,
      isFlapping: (first & 64) !== 0,
      isMuted: (first & 128) !== 0,
      runs: column.runs.number(),
      notifiedAt: agoOrNone(column.told),
      thread: message(column.threads),
      changes: has("changes") ? list(() => ago(column.rest), column.rest) : [],
      clockFrom: has("clock") ? ago(column.rest) : severity === "warn" ? firstSeen : null,
      remindedAt: has("reminded") ? agoOrNone(column.rest) : null,
      overdueToldAt: has("overdue") ? agoOrNone(column.rest) : null,
    };
  });
  const secondStarts = read.isOver() ? null : { days: read.number(), day: read.text() };
  return {
    ...emptyLedger(scope),
    lastRun: new Date(lastRun).toISOString(),
    recentRuns,
    pauses,
    entries,
    boards,
    dailyAt,
    secondStarts,
    mentioned: day === "" ? null : { day, ids: mentionIds },
    expiredTold,
  };
}

/** The hash of a fingerprint in hexadecimal digits, as messages carry it. */
export function fingerprintHash(fingerprint: string): string {
  return hex(hashOf(fingerprint, HASH_BYTES));
}

/** What has no name but its hash keeps that. */
function hashOf(text: string, bytes: number): Uint8Array {
  const digits = /^(?:v1:)?(?:key:)?#([0-9a-f]+)$/.exec(text)?.[1];
  return digits !== undefined && digits.length === 2 * bytes
    ? Buffer.from(digits, "hex")
    : createHash("sha256").update(text).digest().subarray(0, bytes);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function byHash(texts: readonly string[], bytes: number): ReadonlyMap<string, string> {
  return new Map(texts.map((text) => [hex(hashOf(text, bytes)), text]));
}

function packList(out: ByteWriter, texts: readonly string[]): void {
  out.number(texts.length);
  for (const text of texts) out.bytes(hashOf(text, SHORT_HASH_BYTES));
}

function readList(read: ByteReader, candidates: readonly string[]): readonly string[] {
  const known = byHash(candidates, SHORT_HASH_BYTES);
  return Array.from({ length: lengthIn(read) }, () => hex(read.bytes(SHORT_HASH_BYTES))).flatMap(
    (hash) => known.get(hash) ?? [],
  );
}

function nameOf({ channel, ts }: MessageRef): string {
  return `${channel} ${ts}`;
}

/** Slack's times are seconds and six digits. */
function packMessage(out: ByteWriter, name: string, channels: readonly string[]): void {
  const [channel = ""] = name.split(" ");
  const ts = name.slice(channel.length + 1);
  out.number(channels.indexOf(channel));
  const [seconds = "0", micros = "0"] = ts.split(".");
  out.number(ts === THIS_MESSAGE ? 0 : Number(seconds));
  if (ts !== THIS_MESSAGE) out.number(Number(micros));
}

function readMessage(read: ByteReader, channels: readonly string[], self: MessageRef): MessageRef {
  const channel = channels[read.number()] ?? self.channel;
  const seconds = read.number();
  return seconds === 0 ? self : { channel, ts: `${seconds}.${String(read.number()).padStart(6, "0")}` };
}

function lengthIn(column: ByteReader): number {
  const length = column.number();
  if (length > MOST_ITEMS) throw new RangeError("the packed state is damaged");
  return length;
}

function timeOf(iso: string | null): number | null {
  const ms = Date.parse(iso ?? "");
  return Number.isNaN(ms) ? null : ms;
}
