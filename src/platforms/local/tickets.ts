import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Me } from "../../queue/decide.ts";
import { parseInstant } from "../../queue/iso-time.ts";
import type { RunSource } from "../../queue/source.ts";
import type { Run } from "../../run/run.ts";
import {
  deleteClaims,
  drawNumber,
  listNumbers,
  partPath,
  readFileTime,
  readFolderTime,
} from "../../support/claim-files.ts";
import { type ChildWatch, holdClaim } from "../../support/claims.ts";
import { configurationError, SignalboxError } from "../../support/errors.ts";
import { isNodeError, makeFolder } from "../../support/files.ts";
import { describeProcess, type Holder } from "../../support/processes.ts";
import { formatTicket, makeTicket, readTickets } from "./ticket-file.ts";

/** Ended tickets are kept so long for the usual length of a run, which they tell, and for runs that settle. */
const KEPT_MS = 24 * 3600 * 1000;

export interface TicketOptions {
  /** The folder that all runs share (`--ticket-dir`), on a file system that knows hard links. */
  readonly dir: string;
  /** The key of the group; runs of other groups are not seen. */
  readonly group: string;
}

export interface TakeOptions extends TicketOptions {
  readonly run: Pick<Run, "trigger" | "url" | "commit">;
  /** The process that lives as long as the run does. Left out: this one. */
  readonly holder?: Holder;
}

/** It stands while a group of processes runs that its holder has started, although the holder itself is gone. */
export interface TakenTicket extends ChildWatch {
  readonly me: Me;
  readonly source: RunSource;
  /** For `isHeld`, in another process. */
  readonly name: string;
  /** Ends the ticket with the run's status ("success", "failed", "cancelled"). Only the first call counts. */
  release(status: string): Promise<void>;
}

/** Draws the next number of the group. Every later run waits until it is released or its holder is dead. */
export async function takeTicket({ dir, group, run, holder }: TakeOptions): Promise<TakenTicket> {
  const folder = groupFolder(dir, group);
  const { trigger, url, commit } = run;
  const content = formatTicket({
    group,
    holder: holder ?? (await describeProcess(process.pid)),
    trigger,
    url,
    title: commit.title,
    author: commit.author,
  });
  const number = await preparing(dir, async () => {
    await makeFolder(folder);
    await prune(folder);
    return drawNumber(folder, content);
  });
  const createdMs = await preparing(dir, () => readFileTime(partPath(folder, number, "json")));
  const claim = await holdClaim(folder, number);

  const id = `${number}`;
  const release = (status: string) => inFolder(folder, () => claim.release(status));
  const source = openFolder(folder);
  return {
    me: { id, attempt: 1, ticket: makeTicket(number, createdMs ?? 0) },
    source: { ...source, cancel: (other) => (other === id ? release("cancelled") : source.cancel(other)) },
    name: `${number} ${folder}`,
    release,
    started: claim.started,
    ended: claim.ended,
  };
}

/** Whether the ticket of this name is one of the group, and its run still inside. */
export async function isHeld({ dir, group }: TicketOptions, name: string): Promise<boolean> {
  const folder = groupFolder(dir, group);
  const number = /^([1-9][0-9]{0,14}) /.exec(name)?.[1];
  if (number === undefined || name !== `${number} ${folder}`) return false;
  return inFolder(folder, async () => {
    if ((await readFileTime(partPath(folder, Number(number), "json"))) === null) return false;
    const [run] = await readTickets(folder, [Number(number)], await readFolderTime(folder));
    return run !== undefined && run.ticket !== null && !run.ended;
  });
}

/** The group as its folder shows it, without a ticket of one's own. Where nobody ever took one there is no folder yet. */
export function openTickets({ dir, group }: TicketOptions): RunSource {
  const folder = groupFolder(dir, group);
  const source = openFolder(folder);
  return {
    ...source,
    scan: async (signal) => {
      const isThere = await inFolder(folder, async () => (await readFileTime(folder)) !== null);
      return isThere ? source.scan(signal) : { runs: [], complete: true, serverTime: null };
    },
  };
}

/** A folder that is missing is an outage to whoever has a ticket in it: never an empty line. */
function openFolder(folder: string): RunSource {
  const scan: RunSource["scan"] = async (signal) => {
    signal.throwIfAborted();
    return inFolder(folder, async () => {
      const now = await readFolderTime(folder);
      return { runs: await readTickets(folder, await listNumbers(folder), now), complete: true, serverTime: now };
    });
  };
  return {
    scan,
    reread: async (ids, signal) => {
      signal.throwIfAborted();
      return inFolder(folder, async () => readTickets(folder, ids.map(Number), await readFolderTime(folder)));
    },
    running: async (signal) => (await scan(signal)).runs,
    cancel: async (id) => {
      throw new SignalboxError("configuration", `run ${id} holds a ticket of another process`, {
        hint: "end that process",
      });
    },
    calls: () => 0,
  };
}

/** A branch name is hostile and never a path: a hash of the group is the folder's name. */
function groupFolder(dir: string, group: string): string {
  return join(dir, createHash("sha256").update(group).digest("hex").slice(0, 32));
}

async function prune(folder: string): Promise<void> {
  const now = await readFolderTime(folder);
  const runs = await readTickets(folder, await listNumbers(folder), now);
  const old = runs.filter((run) => run.ended && now - (parseInstant(run.since) ?? now) > KEPT_MS);
  await deleteClaims(
    folder,
    old.map((run) => Number(run.id)),
    now,
  );
}

async function preparing<T>(dir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isNodeError(error)) throw error;
    const wanted = `wanted a folder that can be written, on a file system with hard links (${error.code ?? error.message})`;
    throw configurationError([{ where: "--ticket-dir", got: dir, wanted }]);
  }
}

async function inFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isNodeError(error)) throw error;
    throw new SignalboxError("service", `the ticket folder ${folder} failed: ${error.code ?? error.message}`, {
      cause: error,
    });
  }
}
