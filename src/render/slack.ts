import type { KnownBlock, RichTextElement } from "@slack/types";
import type { Alert, BoardRow, LedgerEntry } from "../alerts/alert.ts";
import type { Mode } from "../run/mode.ts";
import type { Run } from "../run/run.ts";
import type { Finding } from "../severity/verdict.ts";
import { describeFinding, type FindingWords, headlineOf } from "./finding-words.ts";
import {
  bullets,
  code,
  context,
  divider,
  header,
  lengthOf,
  link,
  mentionLine,
  mrkdwnDate,
  mrkdwnLink,
  paragraph,
  richText,
  words,
} from "./slack-blocks.ts";
import { cleanLine, cut, escapeMrkdwn } from "./untrusted.ts";
import { count, grouped, listed, shortName } from "./words.ts";

/** What is posted: `text` is the phone's notification and the fallback where blocks are refused. */
export interface SlackMessage {
  readonly text: string;
  readonly blocks: readonly KnownBlock[];
}

/** What a message tells about the run that it comes from. */
export interface AlertFacts {
  readonly run: Run;
  readonly mode: Mode;
  readonly target: string | null;
  readonly projectName: string;
  readonly reproduce: string | null;
}

/** Slack refuses a message near 13,200 characters; the number is not documented. */
const MOST_IN_ALL = 10_000;
/** What the rest of a message needs beside its findings: text, header, mentions, commit, reproduce. */
const MOST_FOR_REST = 4_000;
const MOST_NOTIFICATION = 120;
const MOST_TEXT = 2_000;
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

interface Told {
  readonly finding: Finding;
  readonly words: FindingWords;
  readonly news: string | null;
}

function errorMessage(alert: Problems, facts: AlertFacts): SlackMessage {
  const told = toldOf(alert);
  const title = `${count(told.length, "error")} in ${placeOf(facts)}`;
  const isInfrastructure = told.every(
    ({ finding }) => finding.failureClass === "transient" || finding.failureClass === "infrastructure",
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
  const name = cleanLine(fingerprint.startsWith("run:") ? "the run" : shortName(fingerprint), 100);
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

interface Parts<Detail> {
  readonly title: string;
  readonly told: readonly Told[];
  readonly facts: AlertFacts;
  readonly mentions: readonly string[];
  readonly intro: readonly KnownBlock[];
  readonly details: readonly Detail[];
  readonly asBlocks: (details: readonly Detail[]) => readonly KnownBlock[];
  readonly reproduce: string | null;
}

function assemble<Detail>({
  title,
  told,
  facts,
  mentions,
  intro,
  details,
  asBlocks,
  reproduce,
}: Parts<Detail>): SlackMessage {
  const shown = fitting(details, MOST_IN_ALL - MOST_FOR_REST);
  const more = told.length - shown.length;
  const mentioned = mentionLine(mentions);
  const blocks: readonly KnownBlock[] = [
    header(title),
    ...(mentioned === null ? [] : [mentioned]),
    ...intro,
    ...asBlocks(shown),
    ...(more > 0
      ? [richText(paragraph(link(facts.run.url, `+${grouped(more)} more`), words(" in the report of the run")))]
      : []),
    context(originOf(facts), mrkdwnLink(facts.run.url, "Open the run")),
    ...(reproduce === null ? [] : [richText(paragraph(words("Reproduce:")), code(reproduce, 600, 3))]),
  ];
  return { text: textOf(title, told, facts), blocks };
}

function fitting<Detail>(details: readonly Detail[], most: number): readonly Detail[] {
  let length = 0;
  const end = details.findIndex((detail) => {
    length += lengthOf(detail);
    return length > most;
  });
  return end === -1 ? details : details.slice(0, end);
}

/** The first line stands alone on a phone; the others are for where no blocks are shown. */
function textOf(title: string, told: readonly Told[], { run }: AlertFacts): string {
  const lines = told.map(({ words: said }) => headlineOf(said));
  const [first] = lines;
  const others = lines.length > 1 ? `, +${grouped(lines.length - 1)} more` : "";
  const notification =
    first === undefined
      ? title
      : `${title}: ${cut(first, Math.max(20, MOST_NOTIFICATION - title.length - others.length - 2))}${others}`;
  const address = mrkdwnLink(run.url, "Open the run");
  const list =
    lines.length > 1
      ? fitting(
          lines.map((line) => `• ${cut(line, 200)}`),
          MOST_TEXT,
        )
      : [];
  const more = list.length > 0 && list.length < lines.length ? [`+${grouped(lines.length - list.length)} more`] : [];
  return [
    ...[cut(notification, MOST_NOTIFICATION), ...list, ...more].map(escapeMrkdwn),
    ...(address === null ? [] : [address]),
  ].join("\n");
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

function placeOf({ target, projectName }: AlertFacts): string {
  const project = cleanLine(projectName, 40);
  return target === null ? project : `${cleanLine(target, 40)} (${project})`;
}

/** `deploy of main at a1b2c3d · Fix the rates · by Dana · pull request #12`. */
function originOf({ run, mode }: AlertFacts): string {
  const { commit, ref, pullRequest } = run;
  return [
    `${mode} of ${cleanLine(ref.name, 60)} at ${cleanLine(commit.sha, 40).slice(0, 7)}`,
    commit.title === null ? null : cleanLine(commit.title, 120),
    commit.author === null ? null : `by ${cleanLine(commit.author, 60)}`,
    typeof pullRequest?.number === "number" ? `pull request #${pullRequest.number}` : null,
  ]
    .filter((fact) => fact !== null)
    .join(" · ");
}
