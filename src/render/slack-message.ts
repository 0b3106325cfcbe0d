import type { KnownBlock } from "@slack/types";
import type { Mode } from "../run/mode.ts";
import type { Run } from "../run/run.ts";
import { cleanLine, cut } from "../text/clean.ts";
import { escapeMrkdwn } from "../text/mrkdwn.ts";

import {
  code,
  context,
  header,
  lengthOf,
  link,
  mentionLine,
  mrkdwnLink,
  paragraph,
  richText,
  words,
} from "./slack-blocks.ts";
import { grouped } from "./words.ts";

/** Slack refuses a message near 13,200 characters; the number is not documented. */
const MOST_IN_ALL = 10_000;
/** What the rest of a message needs beside its findings: text, header, mentions, commit, reproduce. */
const MOST_FOR_REST = 4_000;
export const MOST_NOTIFICATION = 120;
const MOST_TEXT = 2_000;

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
  /** What second starts made of the build, a sentence each; absent: there were none. */
  readonly retried?: readonly string[];
  /** Where report.html is among the artifacts of the run; absent or null: nothing is known to keep it. */
  readonly artifactsUrl?: string | null;
}

/** What differs between messages; each detail is a finding. */
interface MessageParts<Detail> {
  readonly title: string;
  /** What is told, one line each: more of them than details say that some are left out. */
  readonly headlines: readonly string[];
  readonly facts: AlertFacts;
  readonly mentions: readonly string[];
  readonly intro: readonly KnownBlock[];
  readonly details: readonly Detail[];
  readonly asBlocks: (details: readonly Detail[]) => readonly KnownBlock[];
  readonly reproduce: string | null;
  /** An answer in a thread has a line in place of a title. */
  readonly isAnswer?: boolean;
  /** What stands before the run's commit: `last change by`. */
  readonly before?: string;
}

/** A message from its parts: in one order, inside Slack's limits, with a count of what did not fit. */
export function assemble<Detail>({
  title,
  headlines,
  facts,
  mentions,
  intro,
  details,
  asBlocks,
  reproduce,
  isAnswer = false,
  before,
}: MessageParts<Detail>): SlackMessage {
  const shown = fitting(details, MOST_IN_ALL - MOST_FOR_REST);
  const more = headlines.length - shown.length;
  const mentioned = mentionLine(mentions);
  const blocks: readonly KnownBlock[] = [
    isAnswer ? richText(paragraph(words(cleanLine(title, 200), { bold: true }))) : header(title),
    ...(mentioned === null ? [] : [mentioned]),
    ...intro,
    ...asBlocks(shown),
    ...(more > 0
      ? [richText(paragraph(link(facts.run.url, `+${grouped(more)} more`), words(" in the report of the run")))]
      : []),
    context(before === undefined ? originOf(facts) : `${before} ${originOf(facts)}`, linksOf(facts)),
    ...(reproduce === null ? [] : [richText(paragraph(words("Reproduce:")), code(reproduce, 600, 3))]),
  ];
  return { text: textOf(title, headlines, facts), blocks };
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
function textOf(title: string, lines: readonly string[], { run }: AlertFacts): string {
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

/** Short enough that a phone's line has room for what failed. */
export function placeOf({ target, projectName }: AlertFacts): string {
  const project = cleanLine(projectName, 28);
  return target === null ? project : `${cleanLine(target, 28)} (${project})`;
}

/** To the run, and to its page among the artifacts where those are kept. */
function linksOf({ run, artifactsUrl = null }: AlertFacts): string | null {
  const links = [mrkdwnLink(run.url, "Open the run"), mrkdwnLink(artifactsUrl, "report.html")];
  const known = links.filter((link) => link !== null);
  return known.length === 0 ? null : known.join(" · ");
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
