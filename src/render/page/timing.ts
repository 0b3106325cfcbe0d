import { type Html, html } from "../../text/html.ts";
import { count, duration, grouped, times } from "../words.ts";
import { firstItems, howManyPiecesFit } from "./fitting.ts";
import { type Bar, layLanes, MOST_LANES } from "./lanes.ts";
import { anchorOf, type NodeRow } from "./node-rows.ts";
import type { Evidence } from "./page-facts.ts";
import type { Section } from "./section.ts";

/** The chart has so many units from left to right; a bar is no narrower than two. */
const WIDTH = 1000;
const NARROWEST = 2;
const LANE = 16;
const MOST_BARS = 3000;
const MOST_BYTES = 300_000;
const MOST_NAMES = 4;
const SLOWEST = 10;
const MOST_IN_CHAIN = 50;
const TICKS = 4;
/** What took less is not called slower: it is the machine's mood. */
const LEAST_SECONDS = 1;
const SLOWER = 1.5;

/** When each node ran, in a lane for each that ran at once; and what took longest, in words, beside its time before. */
export function timingSection(
  rows: readonly NodeRow[],
  { longestChain, usualSeconds }: Pick<Evidence, "longestChain" | "usualSeconds">,
): Section | null {
  const { bars, lanes, unplaced, seconds, untimed } = layLanes(
    rows,
    new Set(longestChain.map(anchorOf)),
    NARROWEST / WIDTH,
  );
  if (bars.length === 0 || seconds <= 0) return null;
  const usual = new Map(Object.entries(usualSeconds).map(([id, before]) => [anchorOf(id), before]));
  const shown = [...bars].sort((a, b) => b.end - b.start - (a.end - a.start)).slice(0, MOST_BARS);
  const drawn = shown.map((bar) => drawBar(bar, seconds, usual));
  const fit = howManyPiecesFit(MOST_BYTES, drawn, (bar) => bar);
  const left = bars.length + unplaced - fit;
  const height = Math.min(lanes, MOST_LANES) * LANE;
  const body = html`<p>${duration(seconds)} from the first node to the last, up to ${count(lanes, "node")} at once.${comparedWords(rows, usual)}</p>
<svg class="lanes" viewBox="0 0 ${WIDTH} ${height}" height="${height}" preserveAspectRatio="none" role="img" aria-label="Chart of when each node ran; the slowest are listed below it">${drawn.slice(0, fit)}</svg>
<div class="ticks" aria-hidden="true">${Array.from({ length: TICKS + 1 }, (_, index) => html`<span>${duration((seconds * index) / TICKS)}</span>`)}</div>
<p class="legend"><span class="error">error</span> <span class="warn">warning</span> <span class="passed">passed</span> <span class="chain">the chain that the run had to wait for</span>${usual.size === 0 ? null : html` <span class="usual">as long as before</span>`}</p>
${left === 0 ? null : html`<p class="cut">+${grouped(left)} more bars are too many to draw.</p>`}
${untimed === 0 ? null : html`<p class="note">${count(untimed, "node")} ${untimed === 1 ? "has" : "have"} no time: skipped, or dbt wrote none.</p>`}
${chainOf(rows, longestChain)}${slowestOf(rows, usual)}`;
  return { id: "timing", title: "Timing", count: null, body };
}

function drawBar({ lane, start, end, state, nodes, isOnChain }: Bar, seconds: number, usual: Usual): Html {
  const at = (time: number) => Math.round((time / seconds) * WIDTH * 10) / 10;
  const width = Math.max(NARROWEST, Math.round((at(end) - at(start)) * 10) / 10);
  const names = nodes.slice(0, MOST_NAMES).map((node) => `${node.name} ${timeOf(node, usual)}`);
  const more = nodes.length > MOST_NAMES ? [`+${grouped(nodes.length - MOST_NAMES)} more`] : [];
  const before = nodes.length === 1 ? usual.get(nodes[0]?.id ?? "") : undefined;
  const mark = before === undefined ? 0 : Math.min(at(before), WIDTH - at(start));
  const bar = html`<rect class="${state}${isOnChain ? " chain" : ""}"${nodes.length === 1 ? html` data-id="${nodes[0]?.id ?? null}"` : null} x="${at(start)}" y="${lane * LANE + 1}" width="${width}" height="${LANE - 5}"><title>${[...names, ...more].join("\n")}</title></rect>`;
  if (mark < NARROWEST) return bar;
  return html`${bar}<rect class="usual" x="${at(start)}" y="${(lane + 1) * LANE - 3}" width="${mark}" height="2"/>`;
}

/** By the row's id, seconds in the build of the newest state that is known. */
type Usual = ReadonlyMap<string, number>;

/** `12 s (4.5 s before, 2.7 ×)`. */
function timeOf({ id, seconds }: NodeRow, usual: Usual): string {
  const before = usual.get(id);
  return `${duration(seconds)}${before === undefined ? "" : ` (${duration(before)} before${isSlower(seconds, before) ? `, ${times(seconds / before)}` : ""})`}`;
}

function isSlower(seconds: number, before: number): boolean {
  return seconds >= LEAST_SECONDS && before > 0 && seconds >= SLOWER * before;
}

/** Only what both have built can be compared. */
function comparedWords(rows: readonly NodeRow[], usual: Usual): string {
  const both = rows.filter(({ id, seconds }) => seconds > 0 && usual.has(id));
  if (both.length === 0) return "";
  const [now, before] = [
    both.reduce((sum, { seconds }) => sum + seconds, 0),
    both.reduce((sum, { id }) => sum + (usual.get(id) ?? 0), 0),
  ];
  return ` ${count(both.length, "node")} built before too: ${duration(now)} of work now, ${duration(before)} then.`;
}

function chainOf(rows: readonly NodeRow[], longestChain: readonly string[]): Html | null {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const chain = longestChain.flatMap((id) => byId.get(anchorOf(id)) ?? []);
  if (chain.length < 2) return null;
  const work = chain.reduce((sum, { seconds }) => sum + seconds, 0);
  const render = ({ id, name, seconds }: NodeRow) =>
    html`<li><a href="#${encodeURIComponent(id)}">${name}</a> ${duration(seconds)}</li>`;
  const items = firstItems(MOST_IN_CHAIN, chain, { render, file: "verdict.json" });
  return html`<details><summary>The chain: ${count(chain.length, "node")}, one after the other, ${duration(work)} of work</summary><ol class="slowest">${items}</ol></details>`;
}

function slowestOf(rows: readonly NodeRow[], usual: Usual): Html {
  const slowest = [...rows]
    .filter((row) => row.seconds > 0)
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, SLOWEST);
  const items = slowest.map(
    (row) => html`<li><a href="#${encodeURIComponent(row.id)}">${row.name}</a> ${timeOf(row, usual)}</li>`,
  );
  return html`<h3>Slowest</h3><ol class="slowest">${items}</ol>`;
}
