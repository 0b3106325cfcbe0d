import type { KnownBlock, RichTextBlock, RichTextElement, TableBlock, TextObject } from "@slack/types";
import { defuse } from "../text/terminal-line.ts";
import type { Paint } from "./colors.ts";
import type { SlackMessage } from "./slack.ts";
import { drawTable, flow, type StyledText } from "./slack-preview-lines.ts";

export interface PreviewOptions {
  /** What stands in the upper edge: `#C0ERRORS00 · errors`. */
  readonly channel: string;
  readonly paint: Paint;
  /** Columns of the terminal. */
  readonly width: number;
}

/** A Slack message drawn in the terminal, about as Slack shows it. */
export function drawMessage(message: SlackMessage, { channel, paint, width }: PreviewOptions): string[] {
  const inner = Math.max(20, width - 2);
  const edge = (text: string) => `${text}${"─".repeat(Math.max(0, inner + 2 - text.length))}`;
  const body = message.blocks.flatMap((block, index) => [
    ...(index === 0 ? [] : [""]),
    ...drawBlock(block, inner, paint),
  ]);
  return [
    paint.dim(edge(`┌─ ${channel} `)),
    ...body.map((line) => `${paint.dim("│")} ${line}`.trimEnd()),
    paint.dim(edge("└")),
  ].map(defuse);
}

function drawBlock(block: KnownBlock, width: number, paint: Paint): string[] {
  switch (block.type) {
    case "header":
      return flow([{ text: block.text.text, style: paint.bold }], width);
    case "section":
      return flow(block.text === undefined ? [] : mrkdwnPieces(block.text.text, paint, same), width);
    case "context":
      return block.elements.flatMap((element) => ("text" in element ? flow(contextPieces(element, paint), width) : []));
    case "rich_text":
      return block.elements.flatMap((element) => drawRichText(element, width, paint));
    case "table":
      return drawTable(
        block.rows.map((row) => row.map((cell) => drawCell(cell, paint))),
        width,
      );
    case "divider":
      return [paint.dim("─".repeat(width))];
    default:
      return [paint.dim(`(${block.type})`)];
  }
}

const same = (text: string) => text;

function contextPieces({ type, text }: TextObject, paint: Paint): StyledText[] {
  return type === "mrkdwn" ? mrkdwnPieces(text, paint, paint.dim) : [{ text, style: paint.dim }];
}

/** A cell in one line: what stands in it is cut by the table. */
function drawCell(cell: TableBlock["rows"][number][number], paint: Paint): StyledText[] {
  if (cell.type !== "rich_text")
    return [{ text: String(cell.type === "raw_text" ? cell.text : cell.value), style: same }];
  return cell.elements.flatMap((element) =>
    element.type === "rich_text_section" ? element.elements.flatMap((each) => piecesOf(each, paint)) : [],
  );
}

function drawRichText(element: RichTextBlock["elements"][number], width: number, paint: Paint): string[] {
  switch (element.type) {
    case "rich_text_preformatted": {
      const text = element.elements.map((each) => each.text ?? "").join("");
      return flow([{ text, style: same }], width - 4).map((line) => `  ${paint.dim("▏")} ${line}`);
    }
    case "rich_text_list":
      return element.elements.flatMap((item) =>
        flow(
          item.elements.flatMap((each) => piecesOf(each, paint)),
          width - 2,
        ).map((line, index) => `${index === 0 ? "•" : " "} ${line}`),
      );
    default:
      return flow(
        element.elements.flatMap((each) => piecesOf(each, paint)),
        width,
      );
  }
}

function piecesOf(element: RichTextElement, paint: Paint): StyledText[] {
  switch (element.type) {
    case "text":
      return [
        {
          text: element.text,
          style: element.style?.bold === true ? paint.bold : element.style?.code === true ? paint.cyan : same,
        },
      ];
    case "date":
      return [{ text: element.fallback ?? "", style: same }];
    case "link":
      return linkPieces(element.url, element.text ?? "", paint, same);
    case "user":
      return [{ text: `@${element.user_id}`, style: paint.cyan }];
    case "usergroup":
      return [{ text: `@${element.usergroup_id}`, style: paint.cyan }];
    default:
      return [];
  }
}

function linkPieces(url: string, text: string, paint: Paint, style: (text: string) => string): StyledText[] {
  return text === ""
    ? [{ text: url, style: paint.cyan }]
    : [
        { text, style: paint.cyan },
        { text: ` (${url})`, style },
      ];
}

/** `<@U…>`, `<!subteam^S…>`, `<!date^…|fallback>` and `<url|text>` as Slack shows them. */
function mrkdwnPieces(mrkdwn: string, paint: Paint, style: (text: string) => string): StyledText[] {
  return mrkdwn.split(/(<[^<>]*>)/).flatMap((part) => {
    if (!part.startsWith("<")) return part === "" ? [] : [{ text: decoded(part), style }];
    const [target = "", label = ""] = part.slice(1, -1).split("|");
    if (target.startsWith("!date")) return [{ text: decoded(label), style }];
    if (/^(?:@|!subteam\^)/.test(target))
      return [{ text: `@${target.replace(/^(?:@|!subteam\^)/, "")}`, style: paint.cyan }];
    return linkPieces(target, decoded(label), paint, style);
  });
}

function decoded(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
