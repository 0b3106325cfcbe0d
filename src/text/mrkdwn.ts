/** Letters that look alike and mean nothing to Slack. */
const LOOKALIKES: Readonly<Record<string, string>> = { "*": "∗", _: "ˍ", "~": "∼", "`": "ˋ", ":": "∶" };

/**
 * A text from outside for Slack's mrkdwn, and so for the `text` of a message: no mention, link, emoji or style. Slack has an
 * escape for three characters (https://docs.slack.dev/messaging/formatting-message-text#escaping) and none for those that
 * style: at the edge of a word, and around an emoji's name, they are written with one that looks alike.
 */
export function escapeMrkdwn(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replace(
      /(?<![\p{L}\p{N}])[*_~]|[*_~](?![\p{L}\p{N}])|`|:(?=[\w+'-]{1,100}:)/gu,
      (mark) => LOOKALIKES[mark] ?? mark,
    );
}
