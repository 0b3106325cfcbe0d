import { rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { z } from "zod";
import { partPath, readFileTime, replaceAtOnce, writeNew } from "./claim-files.ts";
import { isNodeError, readFileIfAny } from "./files.ts";
import { BEAT_SECONDS, describeLeader, type Holder, isAlive, isGroupAlive } from "./processes.ts";

/** A claim's holder, as it stands in the claim's file. */
export const holderShape = z.object({
  host: z.string(),
  pid: z.int().positive(),
  startedAt: z.string().nullable(),
});

const childFile = z.object({
  schema: z.literal(1),
  /** As a person would say it: `dbt`. It is printed. */
  name: z.string().regex(/^[\x20-\x7e]{1,60}$/),
  pid: z.int().positive(),
  startedAt: z.string().nullable(),
});
export type Child = Readonly<Omit<z.infer<typeof childFile>, "schema">>;
const endFile = z.object({ schema: z.literal(1), status: z.string() });

/** Is told of each group of processes that this process starts: the name of the program, the leader's id. */
export interface ChildWatch {
  started(name: string, pid: number): void;
  ended(pid: number): void;
}

/** What this process starts, told to all claims that it holds at the moment. */
export interface Children extends ChildWatch {
  /** The answer takes it off again. */
  add(watch: ChildWatch): () => void;
}

export function createChildren(): Children {
  const watches = new Set<ChildWatch>();
  return {
    add: (watch) => {
      watches.add(watch);
      return () => void watches.delete(watch);
    },
    started: (name, pid) => {
      for (const watch of watches) watch.started(name, pid);
    },
    ended: (pid) => {
      for (const watch of watches) watch.ended(pid);
    },
  };
}

/** A claim of this process. */
export interface HeldClaim extends ChildWatch {
  /** Ends it, with what later readers are to know. Only the first call counts. */
  release(status: string): Promise<void>;
}

/**
 * How a claim stands: `held` by its process; `orphaned`, where that is gone and a group of processes that it started still
 * runs; `ended` by its holder; `abandoned` by one that died.
 */
export type Standing =
  | { readonly kind: "held" }
  | { readonly kind: "orphaned"; readonly child: Child }
  | { readonly kind: "ended"; readonly status: string; readonly ms: number }
  /** `ms`: the latest moment at which it may have died. */
  | { readonly kind: "abandoned"; readonly ms: number };

/** Gives signs of life of a claim until it is released, and keeps what its holder has started beside it. */
export async function holdClaim(folder: string, number: number): Promise<HeldClaim> {
  const stopBeating = await startBeating(partPath(folder, number, "beat"));
  const child = partPath(folder, number, "child.json");
  return {
    // At once: a process that is killed in the next moment must have left it.
    started: (name, pid) => {
      const shown = name.replace(/[^\x20-\x7e]/g, "?").slice(0, 60) || "a program";
      const content = { schema: 1, name: shown, ...describeLeader(pid) } satisfies z.infer<typeof childFile>;
      trying(() => replaceAtOnce(folder, child, `${JSON.stringify(content)}\n`));
    },
    ended: () => trying(() => rmSync(child, { force: true })),
    release: async (status) => {
      stopBeating();
      await writeNew(folder, partPath(folder, number, "end.json"), `${JSON.stringify({ schema: 1, status })}\n`);
    },
  };
}

/** The files' times and the claim's standing at `now`, the folder's time. Throws where one of its files is unreadable. */
export async function readStanding(
  folder: string,
  number: number,
  { holder, here, now }: { holder: Holder; here: string; now: number },
): Promise<{ createdMs: number; standing: Standing }> {
  const createdMs = (await readFileTime(partPath(folder, number, "json"))) ?? now;
  const beatPath = partPath(folder, number, "beat");
  const beatMs = Math.max(createdMs, (await readFileTime(beatPath)) ?? createdMs);

  // First whether it lives, then whether it has ended: a holder that ends in between has not died.
  const lives = await isAlive(holder, here, (now - beatMs) / 1000);
  const child = lives || holder.host !== here ? null : await readChild(folder, number);
  const isOrphaned = child !== null && (await isGroupAlive(child));
  const end = await readEnd(folder, number);
  if (end !== null) return { createdMs, standing: { kind: "ended", ...end } };
  if (lives) return { createdMs, standing: { kind: "held" } };
  if (isOrphaned) {
    // The sign of life that its holder owes: no message comes when the group ends, and its queries may run on from then.
    await writeFile(beatPath, "alive\n").catch(() => undefined);
    return { createdMs, standing: { kind: "orphaned", child } };
  }
  return { createdMs, standing: { kind: "abandoned", ms: Math.min(now, beatMs + BEAT_SECONDS * 1000) } };
}

async function readChild(folder: string, number: number): Promise<Child | null> {
  const text = await readFileIfAny(partPath(folder, number, "child.json"));
  return text === null ? null : childFile.parse(JSON.parse(text));
}

async function readEnd(folder: string, number: number): Promise<{ status: string; ms: number } | null> {
  const path = partPath(folder, number, "end.json");
  const text = await readFileIfAny(path);
  const ms = await readFileTime(path);
  return text === null || ms === null ? null : { status: endFile.parse(JSON.parse(text)).status, ms };
}

async function startBeating(path: string): Promise<() => void> {
  // A sign of life that cannot be written is not reported here: the next read of the folder fails with an error.
  const beat = () => writeFile(path, "alive\n").catch(() => undefined);
  await beat();
  const timer = setInterval(beat, BEAT_SECONDS * 1000);
  timer.unref();
  return () => clearInterval(timer);
}

/** The same for what has been started: a folder that is gone must not end dbt. */
function trying(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isNodeError(error)) throw error;
  }
}
