import { shortName } from "../../artifacts/node-name.ts";
import { cleanLine } from "../../text/clean.ts";
import { type Html, html } from "../../text/html.ts";
import { count, grouped } from "../words.ts";
import type { AffectedNode } from "./affected.ts";
import { howManyPiecesFit } from "./fitting.ts";
import { type At, type GraphPlace, layGraph } from "./graph-layout.ts";
import { anchorOf } from "./node-rows.ts";
import type { Section } from "./section.ts";

const COLUMN = 212;
const ROW = 52;
const BOX = { width: 176, height: 40 };
/** Around all of it: a line may pass above the first row, and below the last. */
const MARGIN = 8;
/** Of the page's 5 MB. */
const MOST_LINE_BYTES = 300_000;
/** Of a name in a box, in a letter of one width. */
const MOST_LETTERS = 22;

/** What failed, what it kept from running, and what stands right before it; `isOnPage`: an id that an address leads to. */
export function graphSection(affected: readonly AffectedNode[], isOnPage: (anchor: string) => boolean): Section | null {
  const { layers, edges } = layGraph(affected);
  if (edges.length === 0) return null;
  const tallest = Math.max(...layers.map((layer) => layer.length));
  const width = layers.length * COLUMN - (COLUMN - BOX.width) + 2 * MARGIN;
  const height = tallest * ROW - (ROW - BOX.height) + 2 * MARGIN;
  // Shorter layers stand in the middle.
  const topLeft = ([layer, row]: At): Point => [
    layer * COLUMN + MARGIN,
    Math.round((row + (tallest - (layers[layer]?.length ?? 0)) / 2) * ROW) + MARGIN,
  ];
  const rowsOf = (layer: number) => layers[layer]?.length ?? 0;
  // What a failure stopped is drawn first, where not all of it can be.
  const byWeight = [...edges].sort((a, b) => Number(b.isStopped) - Number(a.isStopped));
  const lines = byWeight.map(
    ({ from, to, isStopped }) =>
      html`<path class="${isStopped ? "stopped" : "reads"}" d="${pathOf(from, to, { topLeft, rowsOf })}"/>`,
  );
  const drawn = lines.slice(
    0,
    howManyPiecesFit(MOST_LINE_BYTES, lines, (line) => line),
  );
  const undrawn = lines.length - drawn.length;
  const boxes = layers.flatMap((layer, depth) =>
    layer.map((place, row) => {
      const [x, y] = topLeft([depth, row]);
      return html`<g transform="translate(${x} ${y})">${boxOf(place, isOnPage)}</g>`;
    }),
  );
  const failed = affected.filter(({ state }) => state === "error").length;
  const stopped = affected.filter(({ isSkipped }) => isSkipped).length;
  const label = `${count(failed, "node")} with errors, ${grouped(stopped)} kept from running`;
  const left = layers.flat().reduce((sum, place) => sum + (place.kind === "more" ? place.nodes : 0), 0);
  const body = html`<p>${label}. What reads a node stands to the right of it.</p>
<div class="graph" tabindex="0" role="region" aria-label="Graph: ${label}"><svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${drawn}${boxes}</svg></div>
${left === 0 ? null : html`<p class="cut">+${grouped(left)} more nodes are too many to draw: verdict.json has them.</p>`}
${undrawn === 0 ? null : html`<p class="cut">+${grouped(undrawn)} more lines between them are too many to draw.</p>`}`;
  return { id: "graph", title: "Affected nodes", count: affected.length, body };
}

type Point = readonly [x: number, y: number];

/** From the right of one box to the left of another; past the layers between them in the gap that is nearest to its way. */
function pathOf(
  from: At,
  to: At,
  { topLeft, rowsOf }: { readonly topLeft: (at: At) => Point; readonly rowsOf: (layer: number) => number },
): string {
  const middle = BOX.height / 2;
  const [[startX, startTop], [endX, endTop]] = [topLeft(from), topLeft(to)];
  const [end, gap, bend] = [endTop + middle, (ROW - BOX.height) / 2, (COLUMN - BOX.width) * 0.8];
  let [x, y] = [startX + BOX.width, startTop + middle];
  let path = `M${x} ${y}`;
  const goTo = ([nextX, nextY]: Point) => {
    path += `C${x + bend} ${y} ${nextX - bend} ${nextY} ${nextX} ${nextY}`;
    [x, y] = [nextX, nextY];
  };
  for (let layer = from[0] + 1; layer < to[0]; layer += 1) {
    const [left, top] = topLeft([layer, 0]);
    const wish = y + (end - y) / (to[0] - layer + 1);
    const row = Math.min(Math.max(Math.round((wish - top + gap) / ROW), 0), rowsOf(layer));
    goTo([left, top + row * ROW - gap]);
    x = left + BOX.width;
    path += `H${x}`;
  }
  goTo([endX, end]);
  return path;
}

function boxOf(place: GraphPlace, isOnPage: (anchor: string) => boolean): Html {
  if (place.kind === "more") {
    const words = place.skipped === place.nodes ? "did not run" : `${grouped(place.skipped)} of them did not run`;
    return drawBox("more", `+${grouped(place.nodes)} more`, place.skipped === 0 ? "" : words);
  }
  const { node } = place;
  const name = cleanLine(shortName(node.id), 200);
  const words = stateWords(node);
  const box = drawBox(node.state, name, words);
  const reads =
    node.parents.length === 0
      ? ""
      : `; reads ${node.parents
          .slice(0, 8)
          .map((id) => cleanLine(shortName(id), 100))
          .join(", ")}`;
  const title = html`<title>${name}: ${words}${reads}</title>`;
  const anchor = [node.card, node.id].flatMap((id) => (id === null ? [] : anchorOf(id))).find(isOnPage);
  return anchor === undefined
    ? html`${title}${box}`
    : html`<a href="#${encodeURIComponent(anchor)}">${title}${box}</a>`;
}

function drawBox(className: string, name: string, words: string): Html {
  const letters = [...name];
  const shown = letters.length > MOST_LETTERS ? `${letters.slice(0, MOST_LETTERS - 1).join("")}…` : name;
  return html`<rect class="${className}" width="${BOX.width}" height="${BOX.height}" rx="5"/><text x="9" y="17">${shown}</text><text class="${className}" x="9" y="32">${words}</text>`;
}

/** `error, 2 failing tests, did not run`. */
function stateWords({ id, state, isSkipped, failed, warned, card }: AffectedNode): string {
  const own = card === id && state !== "skipped" ? [state === "warn" ? "warning" : "error"] : [];
  const parts = [
    ...own,
    ...(failed === 0 ? [] : [count(failed, "failing test")]),
    ...(warned === 0 ? [] : [count(warned, "warning")]),
    ...(isSkipped ? ["did not run"] : []),
  ];
  if (parts.length > 0) return parts.join(", ");
  return state === "passed" ? "passed" : id.startsWith("source.") ? "source" : "not built in this run";
}
