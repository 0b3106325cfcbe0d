import type { KnownBlock, RichTextElement } from "@slack/types";
import type { Alert, BoardRow, LedgerEntry } from "../alerts/alert.ts";
import { nameOfFingerprint, runTroubleOf } from "../alerts/fingerprint.ts";
import type { Finding } from "../severity/verdict.ts";
import { cleanLine, cut } from "../text/clean.ts";
import { escapeMrkdwn } from "../text/mrkdwn.ts";
import { describeFinding, type FindingWords } from "./finding-words.ts";
import { bullets, code, context, divider, mrkdwnDate, paragraph, richText, words } from "./slack-blocks.ts";
import {
  type AlertFacts,
  assemble,
  MOST_NOTIFICATION,
  placeOf,
  type SlackMessage,
  type Told,
} from "./slack-message.ts";
import { count, grouped, listed, shortName } from "./words.ts";

export type { AlertFacts, SlackMessage } from "./slack-message.ts";

const MOST_IN_DETAIL = 10;
const MOST_BULLETS = 30;
const MOST_NAMES = 3;

/** An alert as a Slack message. Facts come in one order everywhere; nothing is cut without saying how much. */
export function renderAlert(alert: Alert, facts: AlertFacts): SlackMessage {
  switch (alert.kind) {
    case "problems":
      return alert.severity === "error" ? errorMessage(alert, facts) : warnMessage(alert, facts);
    case "recovered":
      return recoveredMessage(alert.entry, facts);
    case "board":
      return rowsMessage(`Warnings of week ${alert.week} · ${placeOf(facts)}`, alert.rows, [], facts);
    case "overdue":
      return rowsMessage(
        `${count(alert.rows.length, "warning")} overdue in ${placeOf(facts)}`,
        alert.rows,
        alert.mentions,
        facts,
      );
  }
}

type Problems = Extract<Alert, { kind: "problems" }>;

function errorMessage(alert: Problems, facts: AlertFacts): SlackMessage {
  const told = toldOf(alert);
  const title = `${count(told.length, "error")} in ${placeOf(facts)}`;
  const isInfrastructure = told.every(
    ({ finding: { subject, failureClass } }) =>
      subject.kind === "node" && (failureClass === "transient" || failureClass === "infrastructure"),
  );
  const messageMost = Math.min(700, Math.max(200, Math.floor(3000 / told.length)));
  return assemble({
    title,
    told,
    facts,
    mentions: alert.mentions,
    intro: isInfrastructure
      ? [richText(paragraph(words("The warehouse or the network failed. Your data was not judged.", { bold: true })))]
      : [],
    details: told.slice(0, MOST_IN_DETAIL).map((each) => errorDetail(each, messageMost)),
    asBlocks: (details) => details.flatMap((detail, index) => (index === 0 ? [detail] : [divider, detail])),
    reproduce: facts.reproduce,
  });
}

function errorDetail({ words: said, news }: Told, messageMost: number): KnownBlock {
  const line = [said.fault, news, said.owner === null ? null : `owner ${said.owner}`]
    .filter((fact) => fact !== null)
    .join(" · ");
  return richText(
    paragraph(
      words(said.where, { bold: true }),
      words(` · ${said.what}`),
      ...(line === "" ? [] : [words(`\n${line}`)]),
      ...(said.caused === null ? [] : [words(`\n${said.caused}: ${listed(said.skipped, MOST_NAMES)}`)]),
    ),
    ...(said.message === null ? [] : [code(said.message, messageMost, 8)]),
  );
}

function warnMessage(alert: Problems, facts: AlertFacts): SlackMessage {
  const told = toldOf(alert);
  return assemble({
    title: `${count(told.length, "warning")} in ${placeOf(facts)}`,
    told,
    facts,
    mentions: alert.mentions,
    intro: [],
    details: told.slice(0, MOST_BULLETS).map(({ words: said, news }) => bullet(said, news)),
    asBlocks: (items) => [richText(bullets(items))],
    reproduce: null,
  });
}

function rowsMessage(
  title: string,
  rows: readonly BoardRow[],
  mentions: readonly string[],
  facts: AlertFacts,
): SlackMessage {
  const told = rows.map(({ finding, entry }) => ({
    finding,
    words: describeFinding(finding),
    news: entry === null ? null : sinceWords(entry),
  }));
  return assemble({
    title,
    told,
    facts,
    mentions,
    intro: rows.length === 0 ? [richText(paragraph(words("No open warnings.")))] : [],
    details: told.slice(0, MOST_BULLETS).map(({ words: said, news }) => bullet(said, news)),
    asBlocks: (items) => (items.length === 0 ? [] : [richText(bullets(items))]),
    reproduce: null,
  });
}

function bullet(said: FindingWords, news: string | null): readonly RichTextElement[] {
  // One line of dbt's message is enough here: the whole of it is behind the link.
  const message = said.message === null ? null : cleanLine(said.message, 150);
  const line = [said.fault, message, news, said.owner === null ? null : `owner ${said.owner}`, said.muted]
    .filter((fact) => fact !== null)
    .join(" · ");
  return [words(said.where, { bold: true }), words(` · ${said.what}`), ...(line === "" ? [] : [words(`\n${line}`)])];
}

/** One line, as it answers a message that has been read. */
function recoveredMessage(entry: LedgerEntry, facts: AlertFacts): SlackMessage {
  const { fingerprint, firstSeen, runs } = entry;
  const name = cleanLine(
    runTroubleOf(fingerprint) === null ? shortName(nameOfFingerprint(fingerprint)) : "the run",
    100,
  );
  const place = placeOf(facts);
  return {
    text: escapeMrkdwn(cut(`Recovered in ${place}: ${name}`, MOST_NOTIFICATION)),
    blocks: [
      richText(paragraph(words(`Recovered in ${place}: `), words(name, { bold: true }))),
      context(
        runs > 1 ? `It had failed in ${grouped(runs)} runs` : "It had failed in one run",
        `since ${mrkdwnDate(firstSeen)}`,
      ),
    ],
  };
}

function toldOf({ opened, worse, again, severity }: Problems): readonly Told[] {
  const tell = (finding: Finding, news: string | null): Told => ({ finding, words: describeFinding(finding), news });
  return [
    // Without a ledger everything counts as opened: "new" is said only where the baseline's verdict says so.
    ...opened.map((finding) => tell(finding, finding.isNew === true ? "new" : null)),
    ...worse.map((finding) => tell(finding, "was a warning until now")),
    ...again.map((finding) => tell(finding, severity === "error" ? "still failing" : "still there")),
  ];
}

function sinceWords({ firstSeen, runs }: LedgerEntry): string {
  return `since ${cleanLine(firstSeen, 40).slice(0, 10)}, ${count(runs, "run")}`;
}
