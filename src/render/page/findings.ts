import { fingerprintOf } from "../../alerts/fingerprint.ts";
import { shortName } from "../../artifacts/node-name.ts";
import { reproduceCommand } from "../../severity/reproduce.ts";
import type { Finding, Verdict } from "../../severity/verdict.ts";
import { cleanLine, cleanText, cutText } from "../../text/clean.ts";
import { type Html, html } from "../../text/html.ts";
import { describeFinding, type FindingWords, nameFinding } from "../finding-words.ts";
import { triesWords } from "../retried-words.ts";
import { count, duration, grouped, roughly } from "../words.ts";
import { firstItems } from "./fitting.ts";
import { anchorOf } from "./node-rows.ts";
import type { Evidence } from "./page-facts.ts";
import { factList } from "./section.ts";
import { markSql } from "./sql.ts";

const MOST_MESSAGE = 8000;
const MOST_MESSAGE_LINES = 200;
/** Of compiled code. */
const MOST_SQL = 16_000;
const MOST_NAMES = 12;
const LEAST_AGE_SECONDS = 60;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** Behind "all of them". */
const MOST_LISTED = 500;

/** What cards of findings are made with. */
export interface CardParts {
  readonly evidence: Evidence;
  readonly retried: Verdict["retried"];
  /** For the command that shows an error again; null: the profile's own. */
  readonly target: string | null;
  /** By fingerprint. */
  readonly firstSeen: Readonly<Record<string, string>>;
  /** ISO time of the page. */
  readonly writtenAt: string;
}

/** A finding as a card: what and how bad, where and whose, dbt's message, and what to do next. */
export function findingCard(finding: Finding, parts: CardParts, code: Html | null): Html {
  const words = describeFinding(finding);
  const { severity } = finding;
  const id = idOf(finding);
  const command = reproduceCommand([{ ...finding, severity: "error" }], parts.target);
  const { message } = words;
  return html`<article class="card ${severity}" id="${id}">
<h3><a href="#${encodeURIComponent(id)}">${words.where}</a> <span>${words.what}</span></h3>
${faultLine(words, ageOf(finding, parts))}${words.muted === null ? null : html`<p class="note">${words.muted}</p>`}
${message === null ? null : html`<pre>${cutText(message, MOST_MESSAGE, MOST_MESSAGE_LINES)}</pre>`}
${factList([
  ["File", words.place === null ? null : html`<code>${words.place}</code>`],
  ["Owner", words.owner],
  ["Kept from running", skippedNames(finding)],
  ["Earlier runs", words.history],
  ["Run again", command === null ? null : html`<code class="copy">${command}</code>`],
  ["Tries", triesOf(finding, parts)],
])}
${failingRows(finding, parts)}${code}${nodesOfCause(finding)}</article>`;
}

function idOf({ subject, status }: Finding): string {
  if (subject.kind === "node") return anchorOf(subject.id);
  const { kind } = subject;
  const words =
    kind === "run" ? [subject.what, status] : [subject.tool, status, subject.path, subject.line, subject.column];
  return [kind, ...words.map((word) => cleanLine(String(word ?? ""), 100))].join(".");
}

function faultLine({ fault, news }: FindingWords, age: string | null): Html | null {
  if (fault === null && news === null && age === null) return null;
  const badge = news === null ? null : html` <span class="badge ${news}">${news === "new" ? "new" : "known"}</span>`;
  return html`<p class="fault"><strong>${fault}</strong>${badge}${age === null ? null : html` <span class="age">${age}</span>`}</p>`;
}

/** `since 12 Nov, 13 days`; null where nobody remembers, and for what this run has found first. */
function ageOf(finding: Finding, { firstSeen, writtenAt }: CardParts): string | null {
  const fingerprint = fingerprintOf(finding);
  const since = Object.hasOwn(firstSeen, fingerprint) ? Date.parse(firstSeen[fingerprint] ?? "") : Number.NaN;
  const seconds = (Date.parse(writtenAt) - since) / 1000;
  // A run may take hours before its page is written.
  return seconds >= LEAST_AGE_SECONDS ? `since ${dayOf(since, writtenAt)}, ${roughly(seconds)}` : null;
}

/** `12 Nov`; with the year, where it is another one. UTC. */
function dayOf(time: number, writtenAt: string): string {
  const date = new Date(time);
  const day = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
  return date.toISOString().startsWith(writtenAt.slice(0, 5)) ? day : `${day} ${date.getUTCFullYear()}`;
}

function skippedNames({ skipped }: Finding): Html | null {
  if (skipped.length === 0) return null;
  const render = (id: string) =>
    html`<li><a href="#${encodeURIComponent(anchorOf(id))}">${cleanLine(shortName(id), 100)}</a></li>`;
  const list = html`<ul class="names">${firstItems(MOST_LISTED, skipped, { render, file: "verdict.json" })}</ul>`;
  const head = count(skipped.length, "node");
  return skipped.length <= MOST_NAMES
    ? html`${head}${list}`
    : html`<details><summary>${head}</summary>${list}</details>`;
}

function triesOf({ subject }: Finding, { retried }: CardParts): Html | null {
  const tries = subject.kind === "node" ? retried?.nodes[subject.id] : undefined;
  if (tries === undefined) return null;
  const items = tries.map(
    ({ status, seconds, message }) =>
      html`<li>${cleanLine(status, 40)} after ${duration(seconds)}: ${cleanLine(message, 300)}</li>`,
  );
  return html`${triesWords(tries, false)}<ol>${items}</ol>`;
}

function failingRows({ subject }: Finding, { evidence }: CardParts): Html | null {
  const relation = subject.kind === "node" ? evidence.failuresIn[subject.id] : undefined;
  if (relation === undefined) return null;
  return html`<p class="rows">The failing rows are kept: <code class="copy">select * from ${cleanLine(relation, 400)}</code></p>`;
}

/** The compiled code of a finding, to be opened; null where dbt left none. */
export function compiledCode({ subject }: Finding, { evidence }: CardParts): Html | null {
  if (subject.kind !== "node") return null;
  const code = evidence.compiled[subject.id];
  if (code === undefined) return pathOfCode(subject.compiled, null);
  const text = cleanText(code.text);
  const shown = cutText(text, MOST_SQL, MOST_SQL);
  const isCut = shown !== text || !code.isWhole;
  const path = subject.compiled === null ? null : html` <code>${cleanLine(subject.compiled, 400)}</code>`;
  return html`<details><summary>Compiled SQL${path}</summary><pre class="sql">${markSql(shown)}</pre>${
    isCut ? html`<p class="cut">Cut: the whole of it is ${kilobytes(code.bytes)}.</p>` : null
  }</details>`;
}

/** What stands in place of compiled code for which there is no more room. */
export function leftOutCode({ subject }: Finding): Html | null {
  return subject.kind !== "node" ? null : pathOfCode(subject.compiled, " (left out here: the page would be too large)");
}

function pathOfCode(path: string | null, note: string | null): Html | null {
  return path === null ? null : html`<p class="rows">Compiled SQL: <code>${cleanLine(path, 400)}</code>${note}</p>`;
}

function kilobytes(bytes: number): string {
  return `${grouped(Math.ceil(bytes / 1000))} kB`;
}

/** Of a finding about the warehouse: the nodes that have this one cause. */
function nodesOfCause({ nodes }: Finding): Html | null {
  if (nodes === undefined) return null;
  const render = (each: Finding) => {
    const id = each.subject.kind === "node" ? anchorOf(each.subject.id) : "";
    const { message } = describeFinding(each);
    return html`<li id="${id}"><b>${nameFinding(each)}</b>${message === null ? null : html` <span>${cleanLine(message, 300)}</span>`}</li>`;
  };
  const items = firstItems(MOST_LISTED, nodes, { render, file: "verdict.json" });
  return html`<details><summary>${count(nodes.length, "node")}</summary><ul>${items}</ul></details>`;
}
