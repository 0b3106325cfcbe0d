import type {
  ContextBlock,
  DividerBlock,
  HeaderBlock,
  RichTextBlock,
  RichTextElement,
  RichTextPreformatted,
  RichTextSection,
  SectionBlock,
  TableBlock,
} from "@slack/types";
import type { MessageRef } from "../alerts/ledger.ts";
import { MENTIONABLE } from "../alerts/route.ts";
import { cleanLine, cleanText, cutText, withoutAround } from "../text/clean.ts";
import { escapeMrkdwn } from "../text/mrkdwn.ts";

/**
 * The few pieces that our messages are made of. Text from outside stands only where Slack parses nothing (plain_text, and
 * text elements of rich_text); mrkdwn holds only what is built here.
 */

/** Slack takes 150 characters and does not say of what kind: 75 code points are at most 150 of UTF-16. */
const HEADER_MOST = 75;
const CONTEXT_MOST = 400;
const BLANK = " \n";

export function header(text: string): HeaderBlock {
  return { type: "header", text: { type: "plain_text", text: cleanLine(text, HEADER_MOST), emoji: false } };
}

export const divider: DividerBlock = { type: "divider" };

export function richText(...elements: RichTextBlock["elements"]): RichTextBlock {
  return { type: "rich_text", elements };
}

/** Plain texts behind each other are one: Slack's budget counts what stands around each. */
export function paragraph(...elements: readonly RichTextElement[]): RichTextSection {
  const joined: RichTextElement[] = [];
  for (const element of elements) {
    const last = joined.at(-1);
    if (last?.type === "text" && element.type === "text" && last.style === undefined && element.style === undefined)
      joined[joined.length - 1] = { type: "text", text: `${last.text}${element.text}` };
    else joined.push(element);
  }
  return { type: "rich_text_section", elements: joined };
}

export function bullets(items: readonly (readonly RichTextElement[])[]): RichTextBlock["elements"][number] {
  return { type: "rich_text_list", style: "bullet", elements: items.map((elements) => paragraph(...elements)) };
}

export const newLine: RichTextElement = { type: "text", text: "\n" };

/** Slack refuses an element without text: hence the dash. */
export function words(text: string, style?: RichTextElement["style"]): RichTextElement {
  return { type: "text", text: cleanText(text) === "" ? "–" : spaced(text), ...(style === undefined ? {} : { style }) };
}

export function code(text: string, most: number, mostLines: number): RichTextPreformatted {
  const shown = cutText(cleanText(text), most, mostLines);
  return { type: "rich_text_preformatted", elements: [{ type: "text", text: shown === "" ? "–" : shown }] };
}

/** A link, or only its text where the address is not plain https. */
export function link(url: string | null, text: string): RichTextElement {
  return url === null || !isSafeUrl(url) ? words(text) : { type: "link", url, text: spaced(text) };
}

/** A message of ours in Slack; null where the ids are none. Slack leads from there to the reader's own workspace. */
export function messageUrl(message: MessageRef | null): string | null {
  return message !== null && /^[CG][A-Z0-9]{8,20}$/.test(message.channel) && /^\d{1,20}\.\d{6}$/.test(message.ts)
    ? `https://slack.com/archives/${message.channel}/p${message.ts.replace(".", "")}`
    : null;
}

/** A moment in the reader's own time zone: `today`, `Nov 20, 2026`; with its time of day where that matters. */
export function date(iso: string, hasTime = false): RichTextElement {
  const milliseconds = millisecondsOf(iso);
  if (milliseconds === null) return words("an unknown day");
  const [day = "", time = ""] = new Date(milliseconds).toISOString().split("T");
  return {
    type: "date",
    timestamp: Math.floor(milliseconds / 1000),
    format: hasTime ? "{date_short_pretty} at {time}" : "{date_short_pretty}",
    fallback: hasTime ? `${day} at ${time.slice(0, 5)} UTC` : day,
  };
}

/** A table with a first row of our own words; Slack takes one in a message, and 100 rows. */
export function table(titles: readonly string[], rows: readonly (readonly Cell[])[]): TableBlock {
  return {
    type: "table",
    rows: [titles.map((title): Cell => richText(paragraph(words(title, { bold: true })))), ...rows].map((row) => [
      ...row,
    ]),
    column_settings: titles.map((_, index) => ({ is_wrapped: index === 0 })),
  };
}

export type Cell = TableBlock["rows"][number][number];

/** Small and grey. What is from outside goes into `outside`; `mrkdwn` is ours. */
export function context(outside: string, mrkdwn: string | null = null): ContextBlock {
  return {
    type: "context",
    elements: [
      { type: "plain_text", text: cleanLine(outside, CONTEXT_MOST), emoji: false },
      ...(mrkdwn === null ? [] : [{ type: "mrkdwn" as const, text: mrkdwn }]),
    ],
  };
}

/** `For @data-core`: a mention notifies reliably in a section. null where there is nobody to mention. */
export function mentionLine(ids: readonly string[]): SectionBlock | null {
  const mentions = ids
    .filter((id) => MENTIONABLE.test(id))
    .map((id) => (id.startsWith("S") ? `<!subteam^${id}>` : `<@${id}>`));
  return mentions.length === 0
    ? null
    : { type: "section", text: { type: "mrkdwn", text: `For ${mentions.slice(0, 20).join(" ")}` } };
}

/** For mrkdwn: a link of ours; null where the address is not plain https. */
export function mrkdwnLink(url: string | null, text: string): string | null {
  return url === null || !isSafeUrl(url) ? null : `<${url}|${escapeMrkdwn(text)}>`;
}

/** Characters of a message that Slack counts: every text in it. */
export function lengthOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce<number>((sum, each) => sum + lengthOf(each), 0);
}

function millisecondsOf(iso: string): number | null {
  const milliseconds = /^\d{4}-\d\d-\d\dT/.test(iso) ? Date.parse(iso) : Number.NaN;
  return milliseconds > 0 ? milliseconds : null;
}

function isSafeUrl(url: string): boolean {
  return url.length <= 2000 && /^https:\/\/[^\s<>|"'`\\\p{C}]+$/u.test(url);
}

/** Clean, but with the spaces around it that join it to its neighbours. */
function spaced(text: string): string {
  const tail = withoutAround(text, BLANK, "");
  const middle = withoutAround(tail, "", BLANK);
  const before = text.slice(0, text.length - tail.length);
  return `${before}${cleanText(middle)}${tail.slice(middle.length)}`;
}
