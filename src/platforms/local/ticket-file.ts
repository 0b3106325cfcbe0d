import { z } from "zod";
import { orphanedStatus } from "../../queue/status.ts";
import type { SeenRun, Ticket } from "../../queue/ticket.ts";
import { partPath } from "../../support/claim-files.ts";
import { holderShape, readStanding } from "../../support/claims.ts";
import { isNodeError, readFileIfAny } from "../../support/files.ts";
import { describeHost } from "../../support/processes.ts";

const ticketFile = z.object({
  schema: z.literal(1),
  group: z.string(),
  holder: holderShape,
  trigger: z.enum(["push", "pull-request", "merge-group", "schedule", "manual", "unknown"]),
  url: z.string().nullable(),
  title: z.string().nullable(),
  author: z.string().nullable(),
});
export type TicketFile = Readonly<z.infer<typeof ticketFile>>;

export function formatTicket(ticket: Omit<TicketFile, "schema">): string {
  return `${JSON.stringify({ schema: 1, ...ticket } satisfies TicketFile)}\n`;
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

async function readTicket(folder: string, number: number, now: number, here: string): Promise<SeenRun | null> {
  const text = await readFileIfAny(partPath(folder, number, "json"));
  if (text === null) return null;
  const { holder, trigger, url, title, author } = ticketFile.parse(JSON.parse(text));
  const { createdMs, standing } = await readStanding(folder, number, { holder, here, now });
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
  switch (standing.kind) {
    case "held":
      return { ...run, ended: false, status: "running", since: formatTime(createdMs), tookSeconds: null };
    case "orphaned":
      return {
        ...run,
        ended: false,
        status: orphanedStatus(standing.child),
        since: null,
        tookSeconds: null,
      };
    case "ended":
      return {
        ...run,
        ended: true,
        status: standing.status,
        since: formatTime(standing.ms),
        tookSeconds: (standing.ms - createdMs) / 1000,
      };
    case "abandoned":
      // The latest moment counts, since its queries may still run.
      return { ...run, ended: true, status: "crashed", since: formatTime(standing.ms), tookSeconds: null };
  }
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
