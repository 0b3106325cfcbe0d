import { constants } from "node:fs";
import { copyFile, lstat, open, readFile, readlink, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve, sep } from "node:path";
import { emptyLedger, type Ledger } from "../alerts/ledger.ts";
import { mergeLedgers } from "../alerts/merge.ts";
import type { Clock } from "../support/clock.ts";
import { SignalboxError } from "../support/errors.ts";
import { isNodeError, makeFolder, writeFileAtomic } from "../support/files.ts";
import { toJson } from "../text/json.ts";
import { envelope, ledgerShape, SCHEMA, whereDamaged } from "./ledger-shape.ts";

/** Where the ledger lives between runs. */
export interface LedgerStore {
  load(scope: string): Promise<LoadedLedger>;
  /**
   * Stores what has changed since `base`, and keeps what others have stored. A damaged file is moved aside first, never
   * written over: `keptAs` says where it is. Throws an artifacts error where nothing can be written.
   */
  save(base: Ledger, changed: Ledger): Promise<{ readonly ledger: Ledger; readonly keptAs: string | null }>;
}

export interface LoadedLedger {
  /** Empty where there is none of this scope yet, or where `damage` says why it cannot be read. */
  readonly ledger: Ledger;
  readonly damage: string | null;
  /** The scopes that the file holds, where it holds none of this one. */
  readonly foreign: readonly string[];
}

/** Some 50,000 open problems: a larger file is not one of ours. */
const MOST_BYTES = 16 * 2 ** 20;
/** A save takes milliseconds: a lock that nobody has touched for this long is a dead process's. */
const LOCK_STALE_MS = 10_000;
const LOCK_POLL_MS = 50;

/** The file that `ledger: file:PATH` names. */
export interface NamedLedger {
  /** Absolute. */
  readonly path: string;
  /** Whether it lies where each `ci` empties: then no run knows what the one before told. */
  readonly isInWorkFolder: boolean;
}

/** null: the ledger is no file. */
export function ledgerFile(
  named: string,
  { cwd, work }: { readonly cwd: string; readonly work: { readonly dir: string } },
): NamedLedger | null {
  if (!named.startsWith("file:")) return null;
  const path = resolve(cwd, named.slice("file:".length));
  return { path, isInWorkFolder: path.startsWith(work.dir + sep) };
}

/** What a ledger's file holds, for who only looks: the next run keeps a damaged one aside where `canMove` says so. */
export interface LedgerContents {
  /** null: there is no file yet. */
  readonly scopes: readonly string[] | null;
  /** Why it, or one of its ledgers, cannot be read: words that follow its path; null: it can. */
  readonly damage: string | null;
  readonly canMove: boolean;
}

/** Reads the file as a run would. Throws nothing. */
export async function readLedgerContents(path: string): Promise<LedgerContents> {
  const { isThere, ledgers, damage, canMove } = await readLedgers(await findFile(path));
  const scopes: string[] = [];
  let damaged: string | null = null;
  for (const each of ledgers) {
    const scope = scopeOf(each);
    if (typeof scope !== "string") continue;
    scopes.push(scope);
    const parsed = ledgerShape.safeParse(each);
    if (!parsed.success) damaged ??= `${whereDamaged(parsed.error)}, in what it holds of ${scope}`;
  }
  return { scopes: isThere ? scopes : null, damage: damage ?? damaged, canMove };
}

/** A file with the ledgers of all scopes. It has to last from run to run: a folder, or a cache that is always saved. */
export function createFileLedger(path: string, clock: Clock): LedgerStore {
  return {
    load: async (scope) => {
      const file = await readLedgers(await findFile(path));
      if (file.damage !== null) return { ledger: emptyLedger(scope), damage: file.damage, foreign: [] };
      const scopes = file.ledgers.map(scopeOf).filter((each) => typeof each === "string");
      return { ...pick(file.ledgers, scope), foreign: scopes.includes(scope) ? [] : scopes };
    },
    save: async (base, changed) => {
      try {
        const file = await findFile(path);
        await makeFolder(dirname(file));
        return await withLock(`${file}.lock`, clock, () => replace(file, base, changed, clock));
      } catch (error) {
        if (error instanceof SignalboxError) throw error;
        throw new SignalboxError("artifacts", `the ledger ${path} cannot be written: ${codeOf(error)}`, {
          cause: error,
        });
      }
    },
  };
}

const MOST_LINKS = 20;

/**
 * The file that a link to a ledger leads to: a rename onto the link would leave the ledger on the disk that lasts as it
 * was. The path itself where it is no link, or one that leads in a circle or to something else than a file.
 */
async function findFile(path: string): Promise<string> {
  let file = path;
  for (let links = 0; links < MOST_LINKS; links += 1) {
    const target = await readlink(file).catch(() => null);
    if (target === null) break;
    file = resolve(dirname(file), target);
  }
  const isOther = await lstat(file).then(
    (found) => !found.isFile(),
    () => false,
  );
  return isOther ? path : file;
}

async function replace(path: string, base: Ledger, changed: Ledger, clock: Clock) {
  const file = await readLedgers(path);
  const stored = pick(file.ledgers, changed.scope);
  let keptAs: string | null = null;
  if (file.damage !== null) {
    if (!file.canMove) throw new SignalboxError("artifacts", `the ledger ${path} cannot be written: it ${file.damage}`);
    keptAs = await freeName(path, clock);
    await rename(path, keptAs);
  } else if (stored.damage !== null) {
    // The parts of other scopes are whole, and stay.
    keptAs = await freeName(path, clock);
    await copyFile(path, keptAs, constants.COPYFILE_EXCL);
  }
  const isWhole = file.damage === null && stored.damage === null;
  const ledger = isWhole ? mergeLedgers(base, stored.ledger, changed) : changed;
  const others = file.ledgers.filter((item) => scopeOf(item) !== changed.scope);
  await writeFileAtomic(path, toJson({ schema: SCHEMA, ledgers: [...others, ledger] }));
  return { ledger, keptAs };
}

interface LedgerFile {
  readonly isThere: boolean;
  /** As they are in the file: parts of other scopes are handed on unread. */
  readonly ledgers: readonly unknown[];
  /** Why it cannot be read; null: it can. */
  readonly damage: string | null;
  /** False for what is no file of ours and must not be moved, such as a device. */
  readonly canMove: boolean;
}

async function readLedgers(path: string): Promise<LedgerFile> {
  const damaged = (damage: string, canMove = true) => ({ isThere: true, ledgers: [], damage, canMove });
  let text: string;
  try {
    const found = await stat(path);
    if (found.isDirectory()) return damaged("is a folder");
    if (!found.isFile()) return damaged("is not a file", false);
    if (found.size > MOST_BYTES) return damaged(`is larger than ${MOST_BYTES / 2 ** 20} MiB`);
    text = await readFile(path, "utf8");
  } catch (error) {
    if (isNodeError(error) && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return { isThere: false, ledgers: [], damage: null, canMove: true };
    return damaged(`cannot be read: ${codeOf(error)}`);
  }
  if (text.trim() === "") return damaged("is empty");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return damaged("is not JSON: cut off, or of another program");
  }
  const parsed = envelope.safeParse(value);
  if (parsed.success) return { isThere: true, ledgers: parsed.data.ledgers, damage: null, canMove: true };
  const schema = (value as { schema?: unknown } | null)?.schema;
  return typeof schema === "number" && schema > SCHEMA
    ? damaged(`is of a newer signalbox: its schema is ${schema}, this one reads ${SCHEMA}`)
    : damaged("is not a ledger of signalbox");
}

function pick(ledgers: readonly unknown[], scope: string): { ledger: Ledger; damage: string | null } {
  const own = ledgers.find((item) => scopeOf(item) === scope);
  if (own === undefined) return { ledger: emptyLedger(scope), damage: null };
  const parsed = ledgerShape.safeParse(own);
  if (parsed.success) return { ledger: parsed.data, damage: null };
  return { ledger: emptyLedger(scope), damage: whereDamaged(parsed.error) };
}

function scopeOf(item: unknown): unknown {
  return (item as { scope?: unknown } | null | undefined)?.scope;
}

/** `ledger.json.damaged-20261128T070000Z`; with a number behind it where that one exists. */
async function freeName(path: string, clock: Clock): Promise<string> {
  const time = new Date(clock.now()).toISOString().replace(/[-:]|\.\d+/g, "");
  for (let number = 1; number < 1000; number += 1) {
    const name = `${path}.damaged-${time}${number === 1 ? "" : `-${number}`}`;
    const isFree = await lstat(name).then(
      () => false,
      (error: unknown) => isNodeError(error) && error.code === "ENOENT",
    );
    if (isFree) return name;
  }
  throw new SignalboxError("artifacts", `too many damaged ledgers lie beside ${path}`);
}

/** One writer at a time, on any file system that makes files exclusively. */
async function withLock<T>(lock: string, clock: Clock, action: () => Promise<T>): Promise<T> {
  const mine = `${process.pid} ${crypto.randomUUID()}`;
  let seen = { text: "", since: clock.monotonic() };
  while (!(await take(lock, mine))) {
    // By our own watching, not by the file's time: clocks of two machines differ.
    const text = await readFile(lock, "utf8").catch(() => "");
    if (text !== seen.text) seen = { text, since: clock.monotonic() };
    if (clock.monotonic() - seen.since > LOCK_STALE_MS) {
      await rm(lock, { force: true });
      seen = { text: "", since: clock.monotonic() };
    }
    await clock.sleep(LOCK_POLL_MS);
  }
  try {
    return await action();
  } finally {
    if ((await readFile(lock, "utf8").catch(() => "")) === mine) await rm(lock, { force: true });
  }
}

async function take(lock: string, mine: string): Promise<boolean> {
  try {
    const file = await open(lock, "wx");
    await file.writeFile(mine).finally(() => file.close());
    return true;
  } catch (error) {
    if (isNodeError(error) && error.code === "EEXIST") return false;
    throw error;
  }
}

function codeOf(error: unknown): string {
  return isNodeError(error) ? (error.code ?? error.message) : String(error);
}
