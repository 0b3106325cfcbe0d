import type { Finding, Verdict } from "../severity/verdict.ts";
import { markdownCode, markdownText } from "../text/markdown.ts";
import { describeFinding, type FindingWords, totalsOf } from "./finding-words.ts";
import { details, LINE_BREAK, list, message } from "./markdown-parts.ts";
import { type Room, within } from "./within.ts";
import { count, grouped, listedAs } from "./words.ts";

const MOST_NAMES = 10;
/** Errors that are told with their messages. */
const MOST_IN_FULL = 10;

/** The base's findings are known; the others are new, or nobody has compared. */
interface Parted {
  readonly news: readonly Finding[];
  readonly known: readonly Finding[];
}

/** Errors, the new ones with their messages, and below them those that the base has too. */
export function errorSections(verdict: Verdict, baseBranch: string | null, room: Room): readonly string[] {
  const { news, known } = parted(verdict, "error");
  const full = within(room, news.slice(0, MOST_IN_FULL), inFull, (more) => `+${more} more errors in verdict.json`);
  const rest = news.slice(MOST_IN_FULL);
  const others = { ...room, most: room.most / 4 };
  const inFile = (more: string) => `+${more} more errors in verdict.json`;
  return [
    ...(news.length === 0 ? [] : [hasNew(news) ? "### New errors" : "### Errors", ...full]),
    ...(rest.length === 0
      ? []
      : [details(`${count(rest.length, "more error")}`, [list(others, rest, inShort, inFile)])]),
    ...(known.length === 0 ? [] : [`### Also failing ${onBase(baseBranch)}`, list(others, known, inShort, inFile)]),
  ];
}

/** Warnings that are new, and those of the base, to be opened. */
export function warningSections(verdict: Verdict, room: Room): readonly string[] {
  const { news, known } = parted(verdict, "warn");
  const half = { ...room, most: room.most / 2 };
  const inFile = (more: string) => `+${more} more in verdict.json`;
  const ofKnown = list(half, known, inShort, inFile);
  return [
    ...(news.length === 0
      ? []
      : [hasNew(news) ? "### New warnings" : "### Warnings", list(half, news, inShort, inFile)]),
    ...(known.length === 0 ? [] : [details(`${count(known.length, "known warning")}`, [ofKnown])]),
  ];
}

/** `1 new error, 2 known · 1 warning · 6 skipped · 27 passed`. */
export function headlineOfVerdict(verdict: Verdict): string {
  return totalsOf(verdict, {
    error: countParted(parted(verdict, "error"), "error"),
    warn: countParted(parted(verdict, "warn"), "warning"),
  });
}

function countParted({ news, known }: Parted, noun: string): string {
  if (known.length === 0) return count(news.length, hasNew(news) ? `new ${noun}` : noun);
  if (news.length === 0) return `${count(known.length, `known ${noun}`)}, none new`;
  return `${count(news.length, `new ${noun}`)}, ${grouped(known.length)} known`;
}

function parted({ findings }: Verdict, severity: Finding["severity"]): Parted {
  const own = findings.filter((finding) => finding.severity === severity);
  return { news: own.filter((finding) => !isKnown(finding)), known: own.filter(isKnown) };
}

/** Also where the base's last bundle is from before it began to fail: then earlier runs tell. */
function isKnown({ isNew, history = [] }: Finding): boolean {
  return isNew === false || history.some((note) => note.kind === "failing" && note.on !== null);
}

function hasNew(findings: readonly Finding[]): boolean {
  return findings.some(({ isNew }) => isNew === true);
}

function onBase(branch: string | null): string {
  return branch === null ? "on the base branch" : `on ${markdownCode(branch)}`;
}

function inFull(finding: Finding): string {
  const words = describeFinding(finding);
  const { compiled } = words;
  const head = [...headOf(finding, words), ...(compiled === null ? [] : [`compiled: ${markdownCode(compiled)}`])];
  return head.join(LINE_BREAK) + (words.message === null ? "" : `\n\n${message(words.message)}`);
}

/** An item of a list: the beginning of its message behind it. */
function inShort(finding: Finding): string {
  const words = describeFinding(finding);
  const lines = [...headOf(finding, words), ...(words.message === null ? [] : [markdownText(words.message)])];
  return lines.join(`${LINE_BREAK}  `);
}

/** What and how bad, where and whose, and what it kept from running. */
function headOf({ subject, nodes }: Finding, words: FindingWords): readonly string[] {
  const { where, what, fault, place, owner, muted, history, caused, skipped } = words;
  const facts = [
    place === null ? null : markdownCode(place),
    owner === null ? null : `owner ${markdownCode(owner)}`,
    muted === null ? null : markdownText(muted),
  ].filter((fact) => fact !== null);
  // Our own words are no name.
  const name = subject.kind === "run" && nodes === undefined ? where : markdownCode(where);
  return [
    [`**${name}**`, markdownText(what), ...(fault === null ? [] : [markdownText(fault)])].join(" · "),
    ...(facts.length === 0 ? [] : [facts.join(" · ")]),
    ...(history === null ? [] : [markdownText(history)]),
    ...(caused === null ? [] : [`${caused}: ${listedAs(skipped, MOST_NAMES, markdownCode)}`]),
  ];
}
