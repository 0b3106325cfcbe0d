import { type Html, html } from "../../text/html.ts";
import { count, duration, grouped } from "../words.ts";
import { howManyPiecesFit } from "./fitting.ts";
import { type Bar, layLanes } from "./lanes.ts";
import type { NodeRow } from "./node-rows.ts";
import type { Section } from "./section.ts";

/** The chart has so many units from left to right; a bar is no narrower than two. */
const WIDTH = 1000;
const NARROWEST = 2;
const LANE = 16;
const MOST_LANES = 64;
const MOST_BARS = 3000;
const MOST_BYTES = 300_000;
const MOST_NAMES = 4;
const SLOWEST = 10;
const TICKS = 4;

/** When each node ran, in a lane for each that ran at once; and what took longest, in words. */
export function timingSection(rows: readonly NodeRow[], longestChain: readonly string[]): Section | null {
  const { bars, lanes, seconds, untimed } = layLanes(rows, new Set(longestChain), NARROWEST / WIDTH);
  if (bars.length === 0 || seconds <= 0) return null;
  const inSight = bars.filter(({ lane }) => lane < MOST_LANES);
  const shown = [...inSight].sort((a, b) => b.end - b.start - (a.end - a.start)).slice(0, MOST_BARS);
  const drawn = shown.map((bar) => rect(bar, seconds));
  const fit = howManyPiecesFit(MOST_BYTES, drawn, (bar) => bar);
  const left = bars.length - fit;
  const height = Math.min(lanes, MOST_LANES) * LANE;
  const slowest = [...rows]
    .filter((row) => row.seconds > 0)
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, SLOWEST);
  const body = html`<p>${duration(seconds)} from the first node to the last, up to ${count(lanes, "node")} at once.</p>
<svg class="lanes" viewBox="0 0 ${WIDTH} ${height}" height="${height}" preserveAspectRatio="none" role="img" aria-label="Chart of when each node ran; the slowest are listed below it">${drawn.slice(0, fit)}</svg>
<div class="ticks" aria-hidden="true">${Array.from({ length: TICKS + 1 }, (_, index) => html`<span>${duration((seconds * index) / TICKS)}</span>`)}</div>
<p class="legend"><span class="error">error</span> <span class="warn">warning</span> <span class="passed">passed</span> <span class="chain">the chain that the run had to wait for</span></p>
${left === 0 ? null : html`<p class="cut">+${grouped(left)} more bars are too many to draw.</p>`}
${untimed === 0 ? null : html`<p class="note">${count(untimed, "node")} ${untimed === 1 ? "has" : "have"} no time: skipped, or dbt wrote none.</p>`}
<h3>Slowest</h3><ol class="slowest">${slowest.map(
    ({ id, name, seconds }) => html`<li><a href="#${encodeURIComponent(id)}">${name}</a> ${duration(seconds)}</li>`,
  )}</ol>`;
  return { id: "timing", title: "Timing", count: null, body };
}

function rect({ lane, start, end, state, nodes, isOnChain }: Bar, seconds: number): Html {
  const at = (time: number) => Math.round((time / seconds) * WIDTH * 10) / 10;
  const width = Math.max(NARROWEST, Math.round((at(end) - at(start)) * 10) / 10);
  const names = nodes.slice(0, MOST_NAMES).map(({ name, seconds }) => `${name} ${duration(seconds)}`);
  const more = nodes.length > MOST_NAMES ? [`+${grouped(nodes.length - MOST_NAMES)} more`] : [];
  return html`<rect class="${state}${isOnChain ? " chain" : ""}"${nodes.length === 1 ? html` data-id="${nodes[0]?.id ?? null}"` : null} x="${at(start)}" y="${lane * LANE + 1}" width="${width}" height="${LANE - 3}"><title>${[...names, ...more].join("\n")}</title></rect>`;
}
