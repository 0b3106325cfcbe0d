import type {
  ContextBlock,
  DividerBlock,
  HeaderBlock,
  RichTextBlock,
  RichTextElement,
  RichTextPreformatted,
  RichTextSection,
  SectionBlock,
} from "@slack/types";
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
/** https://docs.slack.dev/messaging/formatting-message-text#mentioning-users */
const MENTIONABLE = /^[US][A-Z0-9]{8,}$/;

export function header(text: string): HeaderBlock {
  return { type: "header", text: { type: "plain_text", text: cleanLine(text, HEADER_MOST), emoji: false } };
}

export const divider: DividerBlock = { type: "divider" };

export function richText(...elements: RichTextBlock["elements"]): RichTextBlock {
  return { type: "rich_text", elements };
}

export function paragraph(...elements: RichTextElement[]): RichTextSection {
  return { type: "rich_text_section", elements };
}

export function bullets(items: readonly (readonly RichTextElement[])[]): RichTextBlock["elements"][number] {
  return { type: "rich_text_list", style: "bullet", elements: items.map((elements) => paragraph(...elements)) };
}

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

/** For mrkdwn: a moment in the reader's own time zone. https://docs.slack.dev/messaging/formatting-message-text#date-formatting */
export function mrkdwnDate(iso: string): string {
  const milliseconds = /^\d{4}-\d\d-\d\dT/.test(iso) ? Date.parse(iso) : Number.NaN;
  if (!(milliseconds > 0)) return "an unknown day";
  return `<!date^${Math.floor(milliseconds / 1000)}^{date_short_pretty}|${new Date(milliseconds).toISOString().slice(0, 10)}>`;
}

/** Characters of a message that Slack counts: every text in it. */
export function lengthOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce<number>((sum, each) => sum + lengthOf(each), 0);
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
