import { describe, expect, it } from "vitest";
import type { SlackMessage } from "../../src/render/slack.ts";
import { asFirstLine, asPlainText, markedAsRepeat, redirectedFrom } from "../../src/render/slack-plain.ts";

const message: SlackMessage = {
  text: "1 error in prod (shop): orders.id\n• &lt;!here&gt;\n<https://ci.test/1|Open the run>",
  blocks: [
    { type: "section", text: { type: "mrkdwn", text: "For <@U0AAAAAAA> <!subteam^S0BBBBBBB>" } },
    // Not ours to read: text from outside stands here, and Slack parses nothing of it.
    { type: "header", text: { type: "plain_text", text: "<@U0HOSTILE1> <!channel>" } },
    { type: "section", text: { type: "plain_text", text: "<@U0HOSTILE2>" } },
  ],
};

describe("a message that Slack does not take as it is", () => {
  it("is its text and the mentions that we built, and nothing from outside", () => {
    expect(asPlainText(message)).toEqual({
      text: `${message.text}\nFor <@U0AAAAAAA> <!subteam^S0BBBBBBB>`,
      blocks: [],
    });
    expect(asPlainText({ text: "a", blocks: [] })).toEqual({ text: "a", blocks: [] });
  });

  it("is at least its first line and its link", () => {
    expect(asFirstLine(message).text).toBe("1 error in prod (shop): orders.id\n<https://ci.test/1|Open the run>");
    expect(asFirstLine({ text: "x".repeat(5000), blocks: [] }).text).toHaveLength(500);
    expect(asFirstLine({ text: "a\n<https://x.test/|b|c>\n<!channel>", blocks: [] }).text).toBe("a");
  });

  it("says that it may be a repeat, in the first line and in a block", () => {
    const marked = markedAsRepeat(message);

    expect(marked.text.split("\n")[0]).toBe("1 error in prod (shop): orders.id (may be a repeat)");
    expect(marked.blocks).toHaveLength(4);
    expect(markedAsRepeat({ text: "a", blocks: [] })).toEqual({ text: "a (may be a repeat)", blocks: [] });
  });

  it("says for which channel it was, which is a link only where it is an id", () => {
    const { text, blocks } = redirectedFrom("C0ERRORS01", "is_archived", message);

    expect(text).toContain("Meant for <#C0ERRORS01> (is_archived)");
    expect(blocks.at(-1)).toMatchObject({ elements: [{}, { type: "mrkdwn", text: "<#C0ERRORS01> (is_archived)" }] });
    expect(redirectedFrom("<!here>", "<!here>", message).text).toContain("Meant for another channel (refused)");
  });
});
