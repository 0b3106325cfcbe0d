import type { KnownBlock, RichTextBlock, RichTextElement, TextObject } from "@slack/types";
import { defuse } from "../text/terminal-line.ts";
import type { Paint } from "./colors.ts";
import type { SlackMessage } from "./slack.ts";

export interface PreviewOptions {
  /** What stands in the upper edge: `#C0ERRORS00 · errors`. */
  readonly channel: string;
  readonly paint: Paint;
  /** Columns of the terminal. */
  readonly width: number;
}

/** A run of text in one style. */
interface Piece {
  readonly text: string;
  readonly style: (text: string) => string;
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
    case "divider":
      return [paint.dim("─".repeat(width))];
    default:
      return [paint.dim(`(${block.type})`)];
  }
}

const same = (text: string) => text;

function contextPieces({ type, text }: TextObject, paint: Paint): Piece[] {
  return type === "mrkdwn" ? mrkdwnPieces(text, paint, paint.dim) : [{ text, style: paint.dim }];
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

function piecesOf(element: RichTextElement, paint: Paint): Piece[] {
  switch (element.type) {
    case "text":
      return [
        {
          text: element.text,
          style: element.style?.bold === true ? paint.bold : element.style?.code === true ? paint.cyan : same,
        },
      ];
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

function linkPieces(url: string, text: string, paint: Paint, style: (text: string) => string): Piece[] {
  return text === ""
    ? [{ text: url, style: paint.cyan }]
    : [
        { text, style: paint.cyan },
        { text: ` (${url})`, style },
      ];
}

/** `<@U…>`, `<!subteam^S…>`, `<!date^…|fallback>` and `<url|text>` as Slack shows them. */
function mrkdwnPieces(mrkdwn: string, paint: Paint, style: (text: string) => string): Piece[] {
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

/** Breaks styled pieces into lines of at most `width` characters, at spaces where there are any. */
function flow(pieces: readonly Piece[], width: number): string[] {
  const lines: string[] = [];
  let line = "";
  let column = 0;
  const finish = () => {
    lines.push(line.trimEnd());
    line = "";
    column = 0;
  };
  for (const { text, style } of pieces) {
    for (const token of text.split(/(\n| +)/)) {
      if (token === "\n") {
        finish();
        continue;
      }
      let points = Array.from(token);
      if (column > 0 && column + points.length > width) {
        if (token.trim() === "") continue;
        finish();
      }
      for (; points.length > width; points = points.slice(width)) {
        line += style(points.slice(0, width).join(""));
        finish();
      }
      line += style(points.join(""));
      column += points.length;
    }
  }
  if (column > 0 || lines.length === 0) finish();
  return lines;
}
