import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cleanLine,
  cleanText,
  cut,
  cutText,
  escapeMrkdwn,
  markdownBlock,
  markdownCode,
  markdownText,
} from "../../src/render/sanitize.ts";
import { hostile } from "./build.ts";

describe("cleaning text from outside", () => {
  it.each([
    ["a colour", "\u001b[1;31mred\u001b[0m", "red"],
    ["a colour in one byte", "\u009b31mred", "red"],
    ["a terminal's link", "\u001b]8;;https://evil.example\u0007here\u001b]8;;\u001b\\", "here"],
    ["an unfinished link", "\u001b]8;;https://evil.example\nnext", "next"],
    ["a short escape", "a\u001bMb\u001b(Bc", "abc"],
    ["control characters", "a\u0000\u0007\u0008\u007fb", "ab"],
    ["other line breaks", "a\r\nb\rc\u0085d\u2028e", "a\nb\nc\nd\ne"],
    ["letters that turn the line around", "a\u202eb\u2066c\u200fd", "abcd"],
    ["invisible characters", "a\u200bb\u00adc\ufeffd", "abcd"],
    ["half a character", "a\ud800b\udc00", "a\ufffdb\ufffd"],
    ["blank lines around and spaces behind", "\n\n  a  \nb\n\n", "  a\nb"],
  ])("takes out %s", (_, text, expected) => {
    expect(cleanText(text)).toBe(expected);
  });

  it("keeps what words are made of: joined emoji, accents, tabs as spaces", () => {
    expect(cleanText("👩‍👩‍👧 e\u0301\tx")).toBe("👩‍👩‍👧 e\u0301    x");
  });

  it("makes one line of many", () => {
    expect(cleanLine("  a\n\n b\tc  ")).toBe("a b c");
  });

  it("leaves nothing that a terminal or an XML reader would act on, and is stable", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const clean = cleanText(text);

        expect(clean).not.toMatch(
          /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]/,
        );
        expect(clean).not.toMatch(/\p{Cs}/u);
        expect(cleanText(clean)).toBe(clean);
        expect(cleanLine(text)).not.toContain("\n");
      }),
    );
  });
});

describe("cutting", () => {
  it("counts code points and says with an ellipsis that something is missing", () => {
    expect(cut("abcdef", 6)).toBe("abcdef");
    expect(cut("abcdefg", 6)).toBe("abcde…");
    expect(cut("🚂🚃🚃🚃", 4)).toBe("🚂🚃🚃🚃");
    expect(cut("🚂🚃🚃🚃🚃", 4)).toBe("🚂🚃🚃…");
  });

  it("never leaves half a character or more than asked", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 20 }), (text, most) => {
        const short = cut(text, most);

        expect(Array.from(short).length).toBeLessThanOrEqual(most);
        expect(short).not.toMatch(/\p{Cs}/u);
      }),
    );
  });

  it("keeps whole lines at most", () => {
    expect(cutText("a\nb\nc", 100, 3)).toBe("a\nb\nc");
    expect(cutText("a\nb\nc\nd", 100, 3)).toBe("a\nb\n…");
  });
});

describe("Markdown", () => {
  it.each([
    ["a name", "fct_orders", "`fct_orders`"],
    ["HTML, which is only text in code", "<b>x</b>", "`<b>x</b>`"],
    ["nothing", " \n ", "–"],
    ["a back-tick, which would end the code", "a`b", "<code>a&#96;b</code>"],
    ["a pipe, which would end a cell", "a|b", "<code>a&#124;b</code>"],
    ["a backslash before a pipe", "a\\|b", "<code>a&#92;&#124;b</code>"],
  ])("shows %s as code", (_, text, expected) => {
    expect(markdownCode(text)).toBe(expected);
  });

  it.each([
    ["a sentence", "compared with main: 2 commits behind.", "compared with main: 2 commits behind."],
    ["a name, readable in the source", "warn if not_null_x", "warn if not_null_x"],
    ["emphasis", "_a_ *b* __c__", "&#95;a&#95; &#42;b&#42; &#95;&#95;c&#95;&#95;"],
    ["a mention", "@octocat", "&#64;&#8203;octocat"],
    ["a link", "[a](b)", "&#91;a&#93;&#40;b&#41;"],
    ["a bare address", "www.evil.example https://e", "www&#46;evil&#46;example https&#58;&#47;&#47;e"],
  ])("keeps %s as words", (_, text, expected) => {
    expect(markdownText(text)).toBe(expected);
  });

  it("has no mark-up left in a text of an enemy", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(markdownText(text)).not.toMatch(/[<>[\]()`*|\\!~]|@(?!&#8203;)|&(?!#\d+;)|:\/\/|www\./);
        expect(markdownCode(text)).toMatch(/^(?:`[^`|\\\n]+`|<code>[^<>`|\\\n]+<\/code>|–)$/);
      }),
    );
  });

  it("fences a block with more back-ticks than it holds", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const [open = "", ...lines] = markdownBlock(cleanText(text)).split("\n");
        const fence = /^`+/.exec(open)?.[0] ?? "";

        expect(lines.at(-1)).toBe(fence);
        expect(lines.slice(0, -1).some((line) => line.includes(fence))).toBe(false);
      }),
    );
  });
});

it("escapes for Slack what Slack asks for, once", () => {
  expect(escapeMrkdwn("<!channel> & &lt;")).toBe("&lt;!channel&gt; &amp; &amp;lt;");
});
