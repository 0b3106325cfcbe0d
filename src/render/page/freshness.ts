import { shortName } from "../../artifacts/node-name.ts";
import { kindOf } from "../../severity/status.ts";
import { cleanLine } from "../../text/clean.ts";
import { html } from "../../text/html.ts";
import { fitting } from "./fitting.ts";
import type { FreshnessRow } from "./page-facts.ts";
import type { Section } from "./section.ts";

const MOST_BYTES = 100_000;

/** Each source whose freshness was looked at, the stale ones first. */
export function freshnessSection(rows: readonly FreshnessRow[]): Section | null {
  if (rows.length === 0) return null;
  const lines = [...rows].sort(staleFirst).map(({ id, status, message }) => {
    const result = html`<td class="${classOf(status)}">${cleanLine(status, 40)}</td>`;
    return html`<tr>${result}<td>${cleanLine(shortName(id), 200)}</td><td>${cleanLine(message, 300)}</td></tr>`;
  });
  const fit = fitting(
    MOST_BYTES,
    lines,
    (more) => html`<tr><td colspan="3" class="cut">+${more} more in dbt's sources.json</td></tr>`,
  );
  return {
    id: "freshness",
    title: "Freshness",
    count: rows.length,
    body: html`<table><thead><tr><th scope="col">Result</th><th scope="col">Source</th><th scope="col">Loaded</th></tr></thead><tbody>${fit}</tbody></table>`,
  };
}

const WORST_FIRST = ["error", "warn", "skipped", "passed"];

function staleFirst(a: FreshnessRow, b: FreshnessRow): number {
  return WORST_FIRST.indexOf(classOf(a.status)) - WORST_FIRST.indexOf(classOf(b.status)) || (a.id < b.id ? -1 : 1);
}

function classOf(status: string): string {
  const kind = kindOf(status);
  return kind === "passed" || kind === "skipped" ? kind : kind === "warned" ? "warn" : "error";
}
