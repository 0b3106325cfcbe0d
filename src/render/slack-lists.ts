import type { KnownBlock, RichTextElement } from "@slack/types";
import type {
  Alert,
  ChangeAlert,
  DailyAlert,
  ExpiredAlert,
  ExpiredMute,
  FlappingAlert,
  GapAlert,
  OverdueAlert,
  ProblemsAlert,
  ReminderAlert,
} from "../alerts/alert.ts";
import { cleanLine } from "../text/clean.ts";
import { describePattern } from "./history-words.ts";
import { bullets, date, messageUrl, newLine, paragraph, richText, words } from "./slack-blocks.ts";
import {
  afterWords,
  fact,
  type Inline,
  joined,
  linkFact,
  nameText,
  newsFact,
  ownerFact,
  sinceFact,
  stateWords,
  type ToldItem,
  tell,
} from "./slack-item.ts";
import { type AlertFacts, assemble, placeOf, type SlackMessage } from "./slack-message.ts";
import { count, grouped, roughly } from "./words.ts";

/** Messages that are a title and a list. */

const MOST_BULLETS = 30;

/** What a list says beside its items. */
interface ListWords {
  readonly title: string;
  /** A sentence under the title. */
  readonly intro?: Inline;
  /** Of each item; without it the item stands as it does in a list of problems. */
  readonly line?: (told: ToldItem) => Inline;
  /** The same in one line of text; without it the name and what was found. */
  readonly headline?: (told: ToldItem) => string;
  readonly reproduce?: string | null;
}

function listMessage(
  { items, mentions, address }: Pick<Alert, "items" | "mentions" | "address">,
  facts: AlertFacts,
  {
    title,
    intro,
    line = (told) => [...bullet(told, newsFact(told.item)), ...patternLine(told.item)],
    headline = (told) => told.headline,
    reproduce = null,
  }: ListWords,
): SlackMessage {
  const told = items.map(tell);
  return assemble({
    title,
    headlines: told.map(headline),
    facts,
    mentions,
    intro: intro === undefined ? [] : [richText(paragraph(...intro))],
    details: told.slice(0, MOST_BULLETS).map(line),
    asBlocks: (details) => (details.length === 0 ? [] : [richText(bullets(details))]),
    reproduce,
    isAnswer: address.kind === "thread",
  });
}

/** New warnings. */
export function warnMessage(alert: ProblemsAlert, facts: AlertFacts): SlackMessage {
  return listMessage(alert, facts, { title: `${count(alert.items.length, "warning")} in ${placeOf(facts)}` });
}

export function dailyMessage(alert: DailyAlert, facts: AlertFacts): SlackMessage {
  const { items, secondStartDays } = alert;
  const intro = secondStartDays === undefined ? [] : secondStartLines(secondStartDays, facts);
  return listMessage(alert, facts, {
    title:
      items.length === 0
        ? `Second starts on ${count(secondStartDays ?? 0, "day")} in a row in ${placeOf(facts)}`
        : `${count(items.length, "error")} still failing in ${placeOf(facts)}`,
    ...(intro.length === 0 ? {} : { intro: [words(intro.join("\n"))] }),
    // That each is still failing is said by the title.
    line: (told) =>
      bullet(told, joined([sinceFact(told.item), linkFact(messageUrl(told.item.parent), "first message")])),
    reproduce: facts.reproduce,
  });
}

const MOST_RETRIED = 5;

/** That builds were started again for days, and what was in this run. */
export function secondStartLines(days: number, { retried = [] }: Pick<AlertFacts, "retried">): readonly string[] {
  return [
    `On the last ${count(days, "day")} with runs dbt had to start again what the warehouse refused or dropped.`,
    ...retried.slice(0, MOST_RETRIED),
  ];
}

/** Answers to a message that has been read. */
export function changeMessage(alert: ChangeAlert, facts: AlertFacts): SlackMessage {
  const { kind, items } = alert;
  const place = placeOf(facts);
  const number = items.length;
  switch (kind) {
    case "recovered":
      return listMessage(alert, facts, {
        title: number === 1 ? `Recovered in ${place}` : `${count(number, "problem")} recovered in ${place}`,
        line: (told) => [...nameText(told), words(` · passes again${afterWords(told.item)}`)],
        headline: ({ name, item }) => `${name}${afterWords(item)}`,
      });
    case "removed":
      return listMessage(alert, facts, {
        title: number === 1 ? `Removed from ${place}` : `${count(number, "problem")} removed from ${place}`,
        intro: [words("No longer in the dbt project. Nobody has seen it pass.")],
        line: (told) => [...nameText(told), words(` · removed${afterWords(told.item)}`)],
      });
    case "downgraded":
      return listMessage(alert, facts, {
        title: `${count(number, "error")} downgraded to ${number === 1 ? "a warning" : "warnings"} in ${place}`,
        intro: [words("To be fixed this week. The deadline of a warning begins now.")],
        line: (told) => bullet(told, sinceFact(told.item)),
      });
  }
}

export function flappingMessage(alert: FlappingAlert, facts: AlertFacts): SlackMessage {
  const isStart = alert.phase === "start";
  const hasErrors = alert.items.some(({ severity }) => severity === "error");
  const told = "Its changes are not told one by one until it has passed for 24 hours.";
  return listMessage(alert, facts, {
    title: `${isStart ? "Flapping" : "No longer flapping"} in ${placeOf(facts)}`,
    intro: [
      words(
        isStart
          ? `Failed and passed at least three times within 24 hours. ${told}${hasErrors ? " Errors stay in the daily message." : ""}`
          : "Has passed for 24 hours.",
      ),
    ],
    line: (each) => bullet(each, isStart ? sinceFact(each.item) : null),
  });
}

export function reminderMessage(alert: ReminderAlert, facts: AlertFacts): SlackMessage {
  return listMessage(alert, facts, {
    title: `${count(alert.items.length, "warning")} due within a day in ${placeOf(facts)}`,
    intro: [words("After that they are told in the channel for errors.")],
    line: (told) => bullet(told, joined([dueFact(told, "due"), sinceFact(told.item)])),
  });
}

export function overdueMessage(alert: OverdueAlert, facts: AlertFacts): SlackMessage {
  return listMessage(alert, facts, {
    title: `${count(alert.items.length, "warning")} overdue in ${placeOf(facts)}`,
    intro: [words(`Not fixed within ${roughly(alert.slaSeconds)}. Fix, or mute with a date and a reason.`)],
    line: (told) =>
      bullet(
        told,
        joined([
          dueFact(told, "was due"),
          sinceFact(told.item),
          linkFact(messageUrl(told.item.parent), "in the warnings' channel"),
        ]),
      ),
  });
}

export function gapMessage(alert: GapAlert, facts: AlertFacts): SlackMessage {
  return listMessage(alert, facts, {
    title: `First run for ${roughly(alert.pauseSeconds)} in ${placeOf(facts)}: ${count(alert.missed, "run")} missing`,
    intro: [
      words("The last run was "),
      date(alert.lastRun, true),
      words(`; usually one comes every ${roughly(alert.usualSeconds)}. Nothing was tested in between.`),
    ],
  });
}

export function expiredMessage(alert: ExpiredAlert, facts: AlertFacts): SlackMessage {
  const { expired, mentions, address } = alert;
  return assemble({
    title: `${count(expired.length, "mute")} ended in ${placeOf(facts)}`,
    headlines: expired.map(({ match }) => match),
    facts,
    mentions,
    intro: [
      richText(paragraph(words("What was muted is told again. Fix it, or give the rule in signalbox.yml a new date."))),
    ],
    details: expired.slice(0, MOST_BULLETS).map(expiredLine),
    asBlocks: (details) => (details.length === 0 ? [] : [richText(bullets(details))]),
    reproduce: null,
    isAnswer: address.kind === "thread",
  });
}

function expiredLine({ match, until, reason }: ExpiredMute): Inline {
  return [words(match, { bold: true }), words(` · last day ${until}${reason === "" ? "" : ` · ${reason}`}`)];
}

/** Mutes that have ended, as a board lists them; null where there are none. */
export function expiredNote(expired: readonly ExpiredMute[]): KnownBlock | null {
  if (expired.length === 0) return null;
  const shown = expired.slice(0, 3).flatMap((mute, index) => [words(index === 0 ? "" : "; "), ...expiredLine(mute)]);
  const more = expired.length > 3 ? [words(`; +${grouped(expired.length - 3)} more in signalbox.yml`)] : [];
  return richText(paragraph(words(`${count(expired.length, "mute")} ended: `), ...shown.slice(1), ...more));
}

/** What earlier runs tell of it, in a line of its own. */
function patternLine({ finding }: ToldItem["item"]): Inline {
  const pattern = describePattern(finding);
  return pattern === null ? [] : [newLine, words(pattern)];
}

/** One item of a list: its name, and a line of facts. */
function bullet(told: ToldItem, news: readonly RichTextElement[] | null): readonly RichTextElement[] {
  const { said, item } = told;
  // One line of dbt's message is enough here: the whole of it is behind the link.
  const message = said === null || said.message === null ? null : cleanLine(said.message, 150);
  const state = item.news === "flapping" ? null : stateWords(item);
  const line = joined([
    fact(said?.fault ?? null),
    fact(message),
    fact(item.isMuted ? null : state),
    news,
    fact(ownerFact(told)),
    fact(said === null ? (item.isMuted ? state : null) : said.muted),
  ]);
  return [...nameText(told), ...(line.length === 0 ? [] : [newLine, ...line])];
}

function dueFact({ item: { dueAt } }: ToldItem, before: string): Inline | null {
  return dueAt === null ? fact(null) : [words(`${before} `), date(dueAt, true)];
}
