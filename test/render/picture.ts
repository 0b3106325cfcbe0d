import type { KnownBlock, RichTextBlock, RichTextElement } from "@slack/types";
import type { SlackMessage } from "../../src/render/slack.ts";

/** A Slack message as a page, about as Slack's light theme shows it: the pictures in docs are photographs of it. */
export function pageOf(message: SlackMessage, at: string, names: Readonly<Record<string, string>>): string {
  const body = message.blocks.map((block) => blockHtml(block, names)).join("\n");
  return `<!doctype html><meta charset="utf-8"><style>${CSS}</style>
<main><div class="icon"><i></i><b></b></div><div class="message"><div class="who"><strong>signalbox</strong> <span class="app">APP</span> <span class="at">${escaped(at)}</span></div>
${body}</div></main>`;
}

const CSS = `*{margin:0;box-sizing:border-box}body{font:15px/22px Lato,"Liberation Sans",Arial,sans-serif;color:#1d1c1d;background:#fff;width:760px}
main{display:flex;gap:8px;padding:12px 12px 14px}.icon{flex:none;width:36px;height:36px;border-radius:8px;background:#233142;position:relative}
.icon i,.icon b{position:absolute;left:13px;width:10px;height:10px;border-radius:5px;background:#e33b2e;top:6px}.icon b{background:#f7b52c;top:20px}
.message{width:640px}.app{font-size:10px;background:#e8e8e8;color:#616061;border-radius:2px;padding:1px 3px;font-weight:700;vertical-align:2px}
.at{font-size:12px;color:#616061}.who{line-height:18px;margin-bottom:2px}h1{font-size:18px;line-height:24px;margin:6px 0}
.block{margin:6px 0}pre{font:12px/18px "DejaVu Sans Mono",Menlo,monospace;background:#f8f8f8;border:1px solid #ddd;border-radius:4px;padding:8px;white-space:pre-wrap;overflow-wrap:anywhere;margin:6px 0}
ul{padding-left:24px}.text{white-space:pre-wrap}.context{font-size:13px;line-height:18px;color:#616061}.context span{margin-right:8px}hr{border:0;border-top:1px solid #ddd;margin:8px 0}
a{color:#1264a3;text-decoration:none}.mention{background:#e8f5fa;color:#1264a3;border-radius:3px;padding:0 2px}
table{border-collapse:collapse;border:1px solid #ddd;font-size:13px;line-height:18px;width:100%}td{border:1px solid #ddd;padding:5px 8px;vertical-align:top;white-space:nowrap}td:first-child{white-space:normal}tr:first-child{background:#f8f8f8}s{color:#616061}`;

function blockHtml(block: KnownBlock, names: Readonly<Record<string, string>>): string {
  switch (block.type) {
    case "header":
      return `<h1>${escaped(block.text.text)}</h1>`;
    case "section":
      return `<div class="block">${mrkdwnHtml(block.text?.text ?? "", names)}</div>`;
    case "context":
      return `<div class="block context">${block.elements
        .map((element) =>
          "text" in element
            ? `<span>${element.type === "mrkdwn" ? mrkdwnHtml(element.text, names) : escaped(element.text)}</span>`
            : "",
        )
        .join("")}</div>`;
    case "divider":
      return "<hr>";
    case "rich_text":
      return `<div class="block">${block.elements.map(richHtml).join("")}</div>`;
    case "table":
      return `<div class="block"><table>${block.rows
        .map(
          (row) =>
            `<tr>${row
              .map(
                (cell) =>
                  `<td>${cell.type === "rich_text" ? cell.elements.map(richHtml).join("") : escaped(cell.type === "raw_text" ? cell.text : String(cell.value))}</td>`,
              )
              .join("")}</tr>`,
        )
        .join("")}</table></div>`;
    default:
      throw new Error(`no picture of a ${block.type} block`);
  }
}

function richHtml(element: RichTextBlock["elements"][number]): string {
  switch (element.type) {
    case "rich_text_section":
      return `<div class="text">${element.elements.map(inlineHtml).join("")}</div>`;
    case "rich_text_list":
      return `<ul>${element.elements.map((item) => `<li class="text">${item.elements.map(inlineHtml).join("")}</li>`).join("")}</ul>`;
    case "rich_text_preformatted":
      return `<pre>${element.elements.map(inlineHtml).join("")}</pre>`;
    default:
      throw new Error(`no picture of a ${element.type}`);
  }
}

function inlineHtml(element: RichTextElement): string {
  switch (element.type) {
    case "text": {
      const { bold, strike } = element.style ?? {};
      const text = escaped(element.text);
      return bold === true ? `<strong>${text}</strong>` : strike === true ? `<s>${text}</s>` : text;
    }
    case "link":
      return `<a>${escaped(element.text ?? element.url)}</a>`;
    case "date":
      return escaped(dateText(element.timestamp, element.format));
    default:
      throw new Error(`no picture of a ${element.type}`);
  }
}

/** As for a reader in UTC who does not read it today. https://docs.slack.dev/messaging/formatting-message-text#date-formatting */
function dateText(timestamp: number, format: string): string {
  const date = new Date(timestamp * 1000);
  const day = date.toLocaleDateString("en-US", { month: "short", day: "numeric", year: "numeric", timeZone: "UTC" });
  return format.replace("{date_short_pretty}", day).replace("{time}", date.toISOString().slice(11, 16));
}

function mrkdwnHtml(mrkdwn: string, names: Readonly<Record<string, string>>): string {
  return mrkdwn
    .split(/(<[^<>]*>)/)
    .map((part) => {
      if (!part.startsWith("<")) return part;
      const [target = "", label = ""] = part.slice(1, -1).split("|");
      const id = /^(?:@|!subteam\^)(.+)$/.exec(target)?.[1];
      return id === undefined ? `<a>${label}</a>` : `<span class="mention">@${escaped(names[id] ?? id)}</span>`;
    })
    .join("");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
