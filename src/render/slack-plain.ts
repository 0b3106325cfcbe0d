import { cut } from "../text/clean.ts";
import { context } from "./slack-blocks.ts";
import type { SlackMessage } from "./slack-message.ts";

/** Forms of a message for where Slack does not take it as it is. */

/** Only text: what stands behind the blocks, and the mentions, which stand in the blocks alone. */
export function asPlainText(message: SlackMessage): SlackMessage {
  const mentions = message.blocks.flatMap((block) =>
    // mrkdwn of a section is built by us alone: a mention in it is from the configuration.
    block.type === "section" && block.text?.type === "mrkdwn"
      ? (block.text.text.match(/<(?:@[UW]|!subteam\^S)[A-Z0-9]{8,}>/g) ?? [])
      : [],
  );
  return {
    text: [message.text, ...(mentions.length === 0 ? [] : [`For ${mentions.join(" ")}`])].join("\n"),
    blocks: [],
  };
}

/** The least that says what happened: the first line and the link. */
export function asFirstLine({ text }: SlackMessage): SlackMessage {
  const [first = "", ...others] = text.split("\n");
  const link = others.find((line) => /^<https:[^<>|]{1,2000}\|[^<>|]{1,100}>$/.test(line));
  return { text: [cut(first, 500), ...(link === undefined ? [] : [link])].join("\n"), blocks: [] };
}

/** A message that may stand in the channel already; `why` nobody can look. */
export function markedAsRepeat({ text, blocks }: SlackMessage): SlackMessage {
  const [first = "", ...others] = text.split("\n");
  return {
    text: [`${first} (may be a repeat)`, ...others].join("\n"),
    blocks: withNote(blocks, "This message may be a repeat: whether the first one arrived is not known."),
  };
}

/** A message in another channel than the one that it was meant for. `channel` is an id. */
export function redirectedFrom(channel: string, code: string, { text, blocks }: SlackMessage): SlackMessage {
  const link = /^[CG][A-Z0-9]{8,}$/.test(channel) ? `<#${channel}>` : "another channel";
  const reason = /^[a-z0-9_]{1,80}$/.test(code) ? code : "refused";
  return {
    text: `${text}\nMeant for ${link} (${reason})`,
    blocks: withNote(blocks, "This message was meant for another channel, which refused it:", `${link} (${reason})`),
  };
}

/** Where there are no blocks, the text says it alone. */
function withNote(blocks: SlackMessage["blocks"], note: string, mrkdwn: string | null = null): SlackMessage["blocks"] {
  return blocks.length === 0 ? blocks : [...blocks, context(note, mrkdwn)];
}
