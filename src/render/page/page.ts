import { cleanLine } from "../../text/clean.ts";
import { html, markupOf } from "../../text/html.ts";
import { totalsOf } from "../finding-words.ts";
import { findingSections } from "./finding-sections.ts";
import { freshnessSection } from "./freshness.ts";
import { graphSection } from "./graph.ts";
import { nodeRowsOf } from "./node-rows.ts";
import { nodesSection } from "./nodes.ts";
import type { ReportPage } from "./page-facts.ts";
import { planSection } from "./plan.ts";
import { aboutLine, costParagraph, endedLines, runSection } from "./run-facts.ts";
import { SCRIPT } from "./script.ts";
import { renderNavigation, renderSection } from "./section.ts";
import { STYLE } from "./style.ts";
import { timingSection } from "./timing.ts";

const LEVELS = {
  error: { word: "Error", color: "#d1242f" },
  warn: { word: "Warning", color: "#bf8700" },
  pass: { word: "Pass", color: "#1a7f37" },
  nothing: { word: "Nothing ran", color: "#59636e" },
} as const;

/**
 * report.html: one file that asks nothing of any network, at most 5 MB. Everything stands in it as HTML, and every text goes
 * through `html`; the script only filters and copies, and writes by textContent. `hash`: SHA-256 in base64, by which the
 * page's own script and style are allowed, and no others.
 */
export function renderPage(page: ReportPage, hash: (text: string) => string): string {
  const { verdict, plan, nodesInProject, evidence } = page;
  const level = LEVELS[verdict?.level ?? "nothing"];
  const word = verdict === null ? "No verdict" : level.word;
  const headline = verdict === null ? cleanLine((page.ended ?? "").split("\n")[0] ?? "", 300) : totalsOf(verdict);
  const rows = verdict === null ? [] : nodeRowsOf(verdict);
  const findings = verdict === null ? null : findingSections(verdict, page);
  const anchors = findings?.anchors ?? new Set();
  const named = new Set(rows.map(({ id }) => id));
  const graph = graphSection(evidence.affected, (anchor) => anchors.has(anchor) || named.has(anchor));
  const [errors = null, ...others] = findings?.sections ?? [];
  const sections = [
    errors,
    graph,
    ...others,
    plan === null ? null : planSection(plan, nodesInProject),
    freshnessSection(evidence.freshness),
    timingSection(
      // A freshness run is a start of its own, and has a table.
      rows.filter(({ id }) => !id.startsWith("source.")),
      evidence,
    ),
    nodesSection(rows, anchors),
    runSection(page),
  ].filter((section) => section !== null);

  const policy = `default-src 'none'; script-src 'sha256-${hash(SCRIPT)}'; style-src 'sha256-${hash(STYLE)}'; img-src data:; base-uri 'none'; form-action 'none'`;
  const circle = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="${level.color}"/></svg>`;
  const head = html`<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(circle)}"><title>${word} · ${cleanLine(page.project, 100)} · ${headline}</title>`;
  const body = html`<header class="${verdict?.level ?? "nothing"}"><p class="level">${word}</p><h1>${headline}</h1>
<p class="about">${aboutLine(page)}</p>${endedLines(page)}${costParagraph(page)}</header>
<div id="tools">${renderNavigation(sections)}<div id="filter" role="search"></div></div>
<main>${sections.map(renderSection)}</main>
<footer>signalbox · written ${page.writtenAt.slice(0, 16).replace("T", " ")} UTC</footer>`;
  return `<!doctype html>
<html lang="en"><head>${markupOf(head)}
<style>${STYLE}</style></head>
<body>${markupOf(body)}
<script>${SCRIPT}</script></body></html>
`;
}
