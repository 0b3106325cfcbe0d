import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeMrkdwn } from "../../src/text/mrkdwn.ts";
import { hostile } from "../render/build.ts";

describe("a text for Slack's mrkdwn", () => {
  it.each([
    ["words", "not_null_orders: 3 failures at 06:12", "not_null_orders: 3 failures at 06:12"],
    ["a broadcast", "<!here> <!channel>", "&lt;!here&gt; &lt;!channel&gt;"],
    ["a mention", "<@U012ABCDEF>", "&lt;@U012ABCDEF&gt;"],
    ["a link", "<https://evil.example|Open the run>", "&lt;https://evil.example|Open the run&gt;"],
    ["what is escaped already, once", "& &lt;", "&amp; &amp;lt;"],
    ["an emoji", ":rotating_light: x", "∶rotating_light: x"],
    ["styles", "*a* _b_ ~c~ `d`", "∗a∗ ˍbˍ ∼c∼ ˋdˋ"],
    ["a quotation", "> x", "&gt; x"],
  ])("has %s as words", (_, text, expected) => {
    expect(escapeMrkdwn(text)).toBe(expected);
  });

  it("mentions, links, styles and draws nothing, whatever it is made of", () => {
    const parts = fc.constantFrom(
      "<",
      ">",
      "&",
      "!here",
      "@U012ABCDEF",
      "*",
      "_",
      "~",
      "`",
      "```",
      ":",
      ":tada:",
      "a",
      " ",
      "1",
      "\n",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          hostile,
          fc.array(parts).map((each) => each.join("")),
        ),
        (text) => {
          const escaped = escapeMrkdwn(text);

          expect(escaped).not.toMatch(/[<>`]|&(?!amp;|lt;|gt;)/);
          expect(escaped).not.toMatch(/:[\w+'-]+:/);
          expect(escaped).not.toMatch(/(?<![\p{L}\p{N}])[*_~]|[*_~](?![\p{L}\p{N}])/u);
        },
      ),
    );
  });
});
