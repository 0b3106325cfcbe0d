import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { SeenRun, Ticket } from "../../queue/ticket.ts";
import { isNodeError, readFileIfAny } from "../../support/files.ts";
import { partPath, readFileTime } from "./folder.ts";
import { BEAT_SECONDS, describeHost, isAlive } from "./liveness.ts";

const ticketFile = z.object({
  schema: z.literal(1),
  group: z.string(),
  holder: z.object({ host: z.string(), pid: z.int().positive(), startedAt: z.string().nullable() }),
  trigger: z.enum(["push", "pull-request", "merge-group", "schedule", "manual", "unknown"]),
  url: z.string().nullable(),
  title: z.string().nullable(),
  author: z.string().nullable(),
});
export type TicketFile = Readonly<z.infer<typeof ticketFile>>;

const endFile = z.object({ schema: z.literal(1), status: z.string() });

export function formatTicket(ticket: Omit<TicketFile, "schema">): string {
  return `${JSON.stringify({ schema: 1, ...ticket } satisfies TicketFile)}\n`;
}

export function formatEnd(status: string): string {
  return `${JSON.stringify({ schema: 1, status } satisfies z.infer<typeof endFile>)}\n`;
}

/** Numbers are drawn one after another, so the number alone is the order: no machine's clock has a say. */
export function makeTicket(number: number, createdMs: number): Ticket {
  return { second: 0, pipeline: number, createdAt: formatTime(createdMs), id: `${number}`, attempt: 1 };
}

/** The runs of these numbers as their files tell at `now`, the folder's time; deleted ones are left out. */
export async function readTickets(folder: string, numbers: readonly number[], now: number): Promise<SeenRun[]> {
  const here = await describeHost();
  const runs = await Promise.all(
    numbers.map(async (number) => {
      try {
        return await readTicket(folder, number, now, here);
      } catch (error) {
        if (isNodeError(error) && error.code === "ENOENT") return null;
        return describeUnreadable(folder, number);
      }
    }),
  );
  return runs.filter((run) => run !== null);
}

async function readTicket(folder: string, number: number, now: number, here: string): Promise<SeenRun> {
  const path = partPath(folder, number, "json");
  const { holder, trigger, url, title, author } = ticketFile.parse(JSON.parse(await readFile(path, "utf8")));
  const createdMs = (await readFileTime(path)) ?? now;
  const beatMs = Math.max(createdMs, (await readFileTime(partPath(folder, number, "beat"))) ?? createdMs);
  const run = {
    id: `${number}`,
    attempt: 1,
    ticket: makeTicket(number, createdMs),
    trigger,
    url,
    title,
    author,
    quietSince: null,
  };

  // First whether it lives, then whether it has ended: a holder that ends in between has not crashed.
  const lives = await isAlive(holder, here, (now - beatMs) / 1000);
  const end = await readEnd(folder, number);
  if (end !== null) {
    return {
      ...run,
      ended: true,
      status: end.status,
      since: formatTime(end.ms),
      tookSeconds: (end.ms - createdMs) / 1000,
    };
  }
  if (lives) return { ...run, ended: false, status: "running", since: formatTime(createdMs), tookSeconds: null };
  // It died before its next sign of life was due: the latest moment counts, since its queries may still run.
  return {
    ...run,
    ended: true,
    status: "crashed",
    since: formatTime(Math.min(now, beatMs + BEAT_SECONDS * 1000)),
    tookSeconds: null,
  };
}

async function readEnd(folder: string, number: number): Promise<{ status: string; ms: number } | null> {
  const path = partPath(folder, number, "end.json");
  const text = await readFileIfAny(path);
  const ms = await readFileTime(path);
  return text === null || ms === null ? null : { status: endFile.parse(JSON.parse(text)).status, ms };
}

/** A ticket that says nothing may be of a run that is inside: only a person can know. */
function describeUnreadable(folder: string, number: number): SeenRun {
  return {
    id: `${number}`,
    attempt: 1,
    ticket: null,
    ended: false,
    status: `unreadable ticket: if that run has ended, delete ${partPath(folder, number, "json")}`,
    trigger: "unknown",
    url: null,
    since: null,
    tookSeconds: null,
    quietSince: null,
    title: null,
    author: null,
  };
}

function formatTime(ms: number): string {
  return new Date(ms).toISOString();
}
