import { cleanLine } from "../text/clean.ts";
import { markdownText } from "../text/markdown.ts";
import type { Paint } from "./colors.ts";
import { count, duration } from "./words.ts";

/** A run of the line, as far as a person wants to see it. */
export interface QueueEntry {
  readonly place: number;
  readonly inside: boolean;
  readonly id: string;
  readonly attempt: number;
  readonly status: string;
  readonly since: string | null;
  readonly title: string | null;
  readonly author: string | null;
  readonly url: string | null;
}

/** How a wait ended. */
export interface QueueWords {
  readonly decision: string;
  readonly reason: string;
  readonly blockers: readonly { readonly id: string; readonly status: string; readonly url: string | null }[];
}

/** The whole line as a table for a terminal. `now`: milliseconds since the epoch; `isSure`: no run is hidden. */
export function renderQueue(
  rows: readonly QueueEntry[],
  {
    ref,
    now,
    paint,
    isSure,
  }: { readonly ref: string; readonly now: number; readonly paint: Paint; readonly isSure: boolean },
): string[] {
  if (rows.length === 0) return [`${isSure ? "nobody is" : "no run is shown"} on ${cleanLine(ref, 60)}`];
  const table = [
    ["place", "run", "status", "since", "what"],
    ...rows.map((row) => [
      row.inside ? "inside" : String(row.place),
      cleanLine(row.attempt > 1 ? `${row.id}, attempt ${row.attempt}` : row.id, 60),
      cleanLine(row.status, 30).replaceAll("_", " "),
      ageOf(row, now),
      [
        row.title === null ? null : cleanLine(row.title, 50),
        row.author === null ? null : `by ${cleanLine(row.author, 30)}`,
        safeUrl(row.url),
      ]
        .filter((part) => part !== null)
        .join(" · "),
    ]),
  ];
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
  const lines = table.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("   ")
      .trimEnd(),
  );
  return [
    paint.bold(`${count(rows.length, "run")} on ${cleanLine(ref, 60)}`),
    ...lines.map((line, index) => `  ${index === 0 ? paint.dim(line) : line}`),
  ];
}

/** What a wait was about, for the job's page. */
export function renderQueueSummary({ reason, blockers }: QueueWords): string {
  const waitedFor = blockers.map(({ id, status, url }) => {
    const link = safeUrl(url);
    const name = markdownText(`run ${id}`);
    return `- ${link === null ? name : `[${name}](${link})`}: ${markdownText(status)}`;
  });
  return [`### Queue: ${markdownText(reason)}`, ...(waitedFor.length === 0 ? [] : ["", ...waitedFor]), ""].join("\n");
}

function ageOf({ since }: QueueEntry, now: number): string {
  const began = since === null ? Number.NaN : Date.parse(since);
  return Number.isNaN(began) ? "–" : `${duration(Math.max(0, (now - began) / 1000))} ago`;
}

/** Only a plain https address, without what could end a link. */
function safeUrl(url: string | null): string | null {
  return url !== null && /^https:\/\/[\w.~:/?#@!$&'*+,;=%-]+$/.test(url) ? url : null;
}
