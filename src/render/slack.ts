import type { KnownBlock, RichTextElement } from "@slack/types";
import type { Alert, AlertItem, ProblemsAlert } from "../alerts/alert.ts";
import { nameOfFingerprint, runTroubleOf } from "../alerts/fingerprint.ts";
import { cleanLine, cut } from "../text/clean.ts";
import { escapeMrkdwn } from "../text/mrkdwn.ts";
import { describeFinding, type FindingWords, headlineOf } from "./finding-words.ts";
import { bullets, code, context, divider, mrkdwnDate, paragraph, richText, words } from "./slack-blocks.ts";
import { type AlertFacts, assemble, MOST_NOTIFICATION, placeOf, type SlackMessage } from "./slack-message.ts";
import { count, duration, grouped, listed, shortName } from "./words.ts";

export type { AlertFacts, SlackMessage } from "./slack-message.ts";

const MOST_IN_DETAIL = 10;
const MOST_BULLETS = 30;
const MOST_NAMES = 3;

/** An alert as a Slack message. Facts come in one order everywhere; nothing is cut without saying how much. */
export function renderAlert(alert: Alert, facts: AlertFacts): SlackMessage {
  const place = placeOf(facts);
  const { items } = alert;
  switch (alert.kind) {
    case "problems":
      return alert.severity === "error" ? errorMessage(alert, facts) : warnMessage(alert, facts);
    case "daily":
      return listMessage(`${count(items.length, "error")} still failing in ${place}`, alert, facts);
    case "recovered": {
      const [only] = items;
      return items.length === 1 && only !== undefined
        ? recoveredMessage(only, facts)
        : listMessage(`${count(items.length, "problem")} recovered in ${place}`, alert, facts);
    }
    case "removed":
      return listMessage(`${count(items.length, "problem")} removed from ${place}`, alert, facts);
    case "downgraded":
      return listMessage(`${count(items.length, "error")} downgraded to a warning in ${place}`, alert, facts);
    case "flapping":
      return listMessage(`${alert.phase === "start" ? "Flapping" : "No longer flapping"} in ${place}`, alert, facts);
    case "board": {
      const { opened, fixed, carried } = alert.score;
      const score = alert.state === "closed" ? ` · ${opened} opened, ${fixed} fixed, ${carried} carried` : "";
      const title = `Warnings of week ${alert.week} · ${place}${score}`;
      const intro = items.length === 0 ? [richText(paragraph(words("No open warnings.")))] : [];
      return listMessage(title, alert, facts, intro);
    }
    case "reminder":
      return listMessage(`${count(items.length, "warning")} overdue tomorrow in ${place}`, alert, facts);
    case "overdue":
      return listMessage(`${count(items.length, "warning")} overdue in ${place}`, alert, facts);
    case "gap":
      return listMessage(
        `First run for ${duration(alert.pauseSeconds)} in ${place}: ${count(alert.missed, "run")} missing`,
        alert,
        facts,
      );
    case "expired":
      return listMessage(`${count(alert.expired.length, "mute")} ended in ${place}`, alert, facts, [
        richText(bullets(alert.expired.map(({ match, until, reason }) => [words(`${match} · ${until} · ${reason}`)]))),
      ]);
  }
}

/** An item in words; `words` is null where this run has no finding of it. */
interface Told {
  readonly item: AlertItem;
  readonly words: FindingWords | null;
  readonly headline: string;
}

function errorMessage(alert: ProblemsAlert, facts: AlertFacts): SlackMessage {
  const { items } = alert;
  const told = items.map(tell);
  const title = `${count(items.length, "error")} in ${placeOf(facts)}`;
  const isInfrastructure = items.every(
    ({ finding }) =>
      finding?.subject.kind === "node" &&
      (finding.failureClass === "transient" || finding.failureClass === "infrastructure"),
  );
  const messageMost = Math.min(700, Math.max(200, Math.floor(3000 / items.length)));
  return assemble({
    title,
    headlines: told.map(({ headline }) => headline),
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

function errorDetail({ item, words: said, headline }: Told, messageMost: number): KnownBlock {
  if (said === null) return richText(paragraph(words(headline, { bold: true })));
  const news = newsWords(item);
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

function warnMessage({ items, mentions }: ProblemsAlert, facts: AlertFacts): SlackMessage {
  const told = items.map(tell);
  return assemble({
    title: `${count(items.length, "warning")} in ${placeOf(facts)}`,
    headlines: told.map(({ headline }) => headline),
    facts,
    mentions,
    intro: [],
    details: told.slice(0, MOST_BULLETS).map((each) => bullet(each, newsWords(each.item))),
    asBlocks: (details) => [richText(bullets(details))],
    reproduce: null,
  });
}

function listMessage(
  title: string,
  { items, mentions }: Pick<Alert, "items" | "mentions">,
  facts: AlertFacts,
  intro: readonly KnownBlock[] = [],
): SlackMessage {
  const told = items.map(tell);
  return assemble({
    title,
    headlines: told.map(({ headline }) => headline),
    facts,
    mentions,
    intro,
    details: told.slice(0, MOST_BULLETS).map((each) => bullet(each, sinceWords(each.item) ?? each.item.state)),
    asBlocks: (details) => (details.length === 0 ? [] : [richText(bullets(details))]),
    reproduce: null,
  });
}

function bullet({ words: said, headline }: Told, news: string | null): readonly RichTextElement[] {
  if (said === null) return [words(headline, { bold: true }), ...(news === null ? [] : [words(` · ${news}`)])];
  // One line of dbt's message is enough here: the whole of it is behind the link.
  const message = said.message === null ? null : cleanLine(said.message, 150);
  const line = [said.fault, message, news, said.owner === null ? null : `owner ${said.owner}`, said.muted]
    .filter((fact) => fact !== null)
    .join(" · ");
  return [words(said.where, { bold: true }), words(` · ${said.what}`), ...(line === "" ? [] : [words(`\n${line}`)])];
}

/** One line, as it answers a message that has been read. */
function recoveredMessage(item: AlertItem, facts: AlertFacts): SlackMessage {
  const name = nameOf(item);
  const place = placeOf(facts);
  const runs = item.runs ?? 1;
  return {
    text: escapeMrkdwn(cut(`Recovered in ${place}: ${name}`, MOST_NOTIFICATION)),
    blocks: [
      richText(paragraph(words(`Recovered in ${place}: `), words(name, { bold: true }))),
      context(
        runs > 1 ? `It had failed in ${grouped(runs)} runs` : "It had failed in one run",
        item.firstSeen === null ? null : `since ${mrkdwnDate(item.firstSeen)}`,
      ),
    ],
  };
}

/** As people have read it before; else by its id. */
function nameOf({ name, fingerprint }: AlertItem): string {
  const id = nameOfFingerprint(fingerprint);
  return cleanLine(name ?? (runTroubleOf(fingerprint) === null ? shortName(id) : "the run"), 100);
}

function tell(item: AlertItem): Told {
  const said = item.finding === null ? null : describeFinding(item.finding);
  return { item, words: said, headline: said === null ? nameOf(item) : headlineOf(said) };
}

function newsWords({ news, finding, severity }: AlertItem): string | null {
  switch (news) {
    case "worse":
      return "was a warning until now";
    case "again":
      return severity === "error" ? "still failing" : "still there";
    // Without a ledger everything counts as opened: "new" is said only where the baseline's verdict says so.
    default:
      return finding?.isNew === true ? "new" : null;
  }
}

function sinceWords({ firstSeen, runs }: AlertItem): string | null {
  return firstSeen === null ? null : `since ${cleanLine(firstSeen, 40).slice(0, 10)}, ${count(runs ?? 1, "run")}`;
}
