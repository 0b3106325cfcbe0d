import type { KnownBlock, RichTextElement } from "@slack/types";
import type { AlertItem, ProblemsAlert } from "../alerts/alert.ts";
import { isOver } from "../alerts/item.ts";
import { isInfrastructure } from "../severity/failure.ts";
import type { Finding } from "../severity/verdict.ts";
import { cleanLine } from "../text/clean.ts";
import { describePattern } from "./history-words.ts";
import { code, divider, newLine, paragraph, richText, words } from "./slack-blocks.ts";
import {
  fact,
  joined,
  nameText,
  newsFact,
  ownerFact,
  sinceFact,
  stateWords,
  type ToldItem,
  tell,
} from "./slack-item.ts";
import { secondStartLines } from "./slack-lists.ts";
import { type AlertFacts, assemble, placeOf, type SlackMessage } from "./slack-message.ts";
import { count, grouped, listed } from "./words.ts";

const MOST_IN_DETAIL = 10;
const MOST_NAMES = 3;

function isOfNodes({ subject }: Finding): boolean {
  return subject.kind !== "run" || subject.what === "warehouse";
}

/** New errors of a run, each in detail. */
export function errorMessage({ items, mentions, secondStartDays }: ProblemsAlert, facts: AlertFacts): SlackMessage {
  const told = items.map(tell);
  const isNotData = items.every(
    ({ finding }) => finding != null && isOfNodes(finding) && isInfrastructure(finding.failureClass),
  );
  const most = messageMost(items);
  return assemble({
    title: `${errorsInWords(items)} in ${placeOf(facts)}`,
    headlines: told.map(({ headline }) => headline),
    facts,
    mentions,
    intro: [
      ...(isNotData ? [words("The warehouse or the network failed. Your data was not judged.", { bold: true })] : []),
      ...(secondStartDays === undefined ? (facts.retried ?? []) : secondStartLines(secondStartDays, facts)).map(
        (each) => words(each),
      ),
    ].map((each) => richText(paragraph(each))),
    details: told.slice(0, MOST_IN_DETAIL).map((each) => errorDetail(each, most, newsFact(each.item))),
    asBlocks: withDividers,
    reproduce: facts.reproduce,
  });
}

/** The message that told errors, with what has become of each: what is over is struck through. */
export function errorEdit({ items }: ProblemsAlert, facts: AlertFacts): SlackMessage {
  const told = items.map(tell);
  const most = messageMost(items);
  return assemble({
    title: `${fateInWords(items)} in ${placeOf(facts)}`,
    headlines: told.map(({ item, name }) => `${name}: ${fateOf(item)}`),
    facts,
    mentions: [],
    intro: [],
    details: told
      .slice(0, MOST_IN_DETAIL)
      .map((each) => (isPlainlyOpen(each.item) ? errorDetail(each, most, sinceFact(each.item)) : fateLine(each))),
    asBlocks: withDividers,
    reproduce: items.some(isPlainlyOpen) ? facts.reproduce : null,
    before: "Last updated:",
  });
}

/** `2 errors`; where a message tells more than new ones: `1 new error, 2 still failing, 1 flapping`. */
function errorsInWords(items: readonly AlertItem[]): string {
  const number = (news: AlertItem["news"]) => items.filter((item) => item.news === news).length;
  const [again, flapping] = [number("again"), number("flapping")];
  const fresh = items.length - again - flapping;
  if (again + flapping === 0) return count(fresh, "error");
  return [
    fresh === 0 ? null : count(fresh, "new error"),
    again === 0 ? null : `${grouped(again)} still failing`,
    flapping === 0 ? null : `${grouped(flapping)} flapping`,
  ]
    .filter((part) => part !== null)
    .join(", ");
}

/** `3 errors (1 recovered, 1 downgraded, 1 open)`, `1 error (recovered)`. */
function fateInWords(items: readonly AlertItem[]): string {
  const fates = items.map((item) => (isOver(item) ? item.state : item.severity === "warn" ? "downgraded" : "open"));
  const parts = ["recovered", "removed", "downgraded", "open"].flatMap((fate) => {
    const number = fates.filter((each) => each === fate).length;
    return number === 0 ? [] : [number === items.length ? fate : `${grouped(number)} ${fate}`];
  });
  return `${count(items.length, "error")} (${parts.join(", ")})`;
}

function fateOf(item: AlertItem): string {
  return stateWords(item) ?? (item.severity === "warn" ? "only a warning now" : "still failing");
}

function isPlainlyOpen(item: AlertItem): boolean {
  return fateOf(item) === "still failing";
}

function fateLine(told: ToldItem): KnownBlock {
  const { item, name } = told;
  const shown = isOver(item) ? [words(name, { strike: true })] : nameText(told);
  const fate = [fateOf(item), item.severity === "warn" && !isOver(item) ? "only a warning now" : null];
  return richText(
    paragraph(
      ...shown,
      words(" · "),
      ...joined([...new Set(fate)].map(fact)),
      ...(item.state === "recovered" || item.firstSeen === null ? [] : [words(" · "), ...(sinceFact(item) ?? [])]),
    ),
  );
}

function messageMost(items: readonly AlertItem[]): number {
  return Math.min(700, Math.max(200, Math.floor(3000 / items.length)));
}

function withDividers(details: readonly KnownBlock[]): readonly KnownBlock[] {
  return details.flatMap((detail, index) => (index === 0 ? [detail] : [divider, detail]));
}

function errorDetail(told: ToldItem, most: number, news: readonly RichTextElement[] | null): KnownBlock {
  const { said, item } = told;
  const state = item.news === "flapping" ? null : stateWords(item);
  const pattern = describePattern(item.finding);
  const line = joined([fact(said?.fault ?? null), fact(state), news, fact(ownerFact(told))]);
  return richText(
    paragraph(
      ...nameText(told),
      ...(line.length === 0 ? [] : [newLine, ...line]),
      ...(pattern === null ? [] : [words(`\n${pattern}`)]),
      ...(said === null || said.caused === null
        ? []
        : [words(`\n${said.caused}: ${listed(said.skipped, MOST_NAMES)}`)]),
      ...(said === null || said.compiled === null ? [] : [words(`\ncompiled SQL: ${cleanLine(said.compiled, 200)}`)]),
    ),
    ...(said === null || said.message === null ? [] : [code(said.message, most, 8)]),
  );
}
