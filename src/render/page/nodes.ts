import { type Html, html } from "../../text/html.ts";
import { duration, grouped } from "../words.ts";
import { howManyPiecesFit } from "./fitting.ts";
import { type NodeRow, STATE_WORDS } from "./node-rows.ts";
import type { Section } from "./section.ts";

const MOST_ROWS = 400;
const MOST_BYTES = { rows: 300_000, data: 1_500_000 };

/**
 * Every node that dbt has a result of: the first ones as rows, and all of them as lines for the filter, in which the name and
 * the type are left to the id. `taken`: names of nodes that have a card.
 */
export function nodesSection(rows: readonly NodeRow[], taken: ReadonlySet<string>): Section | null {
  if (rows.length === 0) return null;
  const first = rows.slice(0, MOST_ROWS).map((row) => nodeRow(row, taken.has(row.id)));
  const shown = first.slice(
    0,
    howManyPiecesFit(MOST_BYTES.rows, first, (row) => row),
  );
  const lines = rows.map(({ state, seconds, id, path }) => [state, timeOf(seconds), id, path].join("\t"));
  const known = howManyPiecesFit(MOST_BYTES.data, lines, (line) => line);
  const more = known - shown.length;
  const unknown = rows.length - Math.max(known, shown.length);
  const body = html`<table><thead><tr><th scope="col">Result</th><th scope="col">Node</th><th scope="col">Time</th></tr></thead><tbody id="rows">${shown}</tbody></table>
${more <= 0 ? null : html`<p class="cut" id="more">+${grouped(more)} more: the filter finds them; without JavaScript, verdict.json has them.</p>`}
${unknown === 0 ? null : html`<p class="cut">+${grouped(unknown)} more are only in verdict.json.</p>`}
<pre id="data" hidden>${lines.slice(0, known).map((line) => html`${line}\n`)}</pre>`;
  return { id: "nodes", title: "Nodes", count: rows.length, body };
}

/** `hasCard`: the name of the node is that of its finding's card, and the row leads there. */
function nodeRow({ id, state, name, path, seconds }: NodeRow, hasCard: boolean): Html {
  const type = (id.split(".")[0] ?? "").replaceAll("_", " ");
  const about = [type, path].filter((part) => part !== "").join(" · ");
  const head = hasCard ? html`<a href="#${encodeURIComponent(id)}">${name}</a>` : html`<b>${name}</b>`;
  const cells = html`<td class="${state}">${STATE_WORDS[state]}</td><td>${head} <span>${about}</span></td><td>${timeOf(seconds)}</td>`;
  return hasCard ? html`<tr>${cells}</tr>` : html`<tr id="${id}">${cells}</tr>`;
}

function timeOf(seconds: number): string {
  return seconds === 0 ? "" : duration(seconds);
}
