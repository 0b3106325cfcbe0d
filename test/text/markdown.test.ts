import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanLine, cleanText } from "../../src/text/clean.ts";
import { markdownBlock, markdownCode, markdownText } from "../../src/text/markdown.ts";
import { hostile } from "../render/build.ts";
import { allNodes, beyondWords, readMarkdown } from "./read-markdown.ts";

describe("a text in GitHub's Markdown", () => {
  it.each([
    ["a sentence", "compared with main: 2 commits behind.", "compared with main: 2 commits behind."],
    ["names, readable in the source", "warn if not_null_x (shop.orders)", "warn if not_null_x (shop.orders)"],
    ["a threshold", "36 failures, error if != 0", "36 failures, error if != 0"],
    ["comparisons", "warn if > 5, error if <= 2 & x < 1", "warn if > 5, error if <= 2 & x < 1"],
    ["a quotation", "> x", "`>` x"],
    ["emphasis", "_a_ *b* __c__ d", "`_a_ *b* __c__` d"],
    ["a mention", "by @octocat, thanks", "by `@octocat`, thanks"],
    ["a team", "ask @acme/data", "ask `@acme/data`"],
    ["an issue", "fixes #1 and closes acme/shop#2", "fixes `#1` and closes `acme/shop#2`"],
    ["an issue by its old name", "see GH-1", "see `GH-1`"],
    ["a ticket", "DATA-12 broke", "`DATA-12` broke"],
    ["a commit", "since a1b2c3d4 by acme/shop@a1b2c3d4", "since `a1b2c3d4` by `acme/shop@a1b2c3d4`"],
    ["a link", "[a](b) ![c](d)", "`[a](b) ![c](d)`"],
    ["bare addresses", "www.evil.example https://e a@b.example", "`www.evil.example https://e a@b.example`"],
    ["HTML", "<b>x</b> &amp; y", "`<b>x</b> &amp;` y"],
    ["an emoji's name", ":boom: it", "`:boom`: it"],
    ["mathematics", "costs $5 and $6", "costs `$5` and `$6`"],
    ["a back-tick", "the column `a` is", "the column `` `a` `` is"],
    ["marks around", '(#1), he said: "@a": x', '(`#1`), he said: "`@a`": x'],
    ["a list", "- x", "`-` x"],
    ["a numbered list", "1. x", "`1`. x"],
    ["an underline", "===", "`===`"],
  ])("shows %s as its own words", (_, text, expected) => {
    expect(markdownText(text)).toBe(expected);
  });

  it.each([
    ["a name", "fct_orders", "`fct_orders`"],
    ["HTML, which is only text in code", "<b>x</b>", "`<b>x</b>`"],
    ["nothing", " \n ", "–"],
    ["a back-tick, which would end the code", "a`b", "`` a`b ``"],
    ["back-ticks at its edge, in any number", "```a``b`", "```` ```a``b` ````"],
    ["a backslash, which escapes nothing there", "a\\", "`a\\`"],
  ])("shows %s as code", (_, text, expected) => {
    expect(markdownCode(text)).toBe(expected);
  });

  it("is nothing but the same words for GitHub's rules, and refers to nothing", () => {
    fc.assert(
      fc.property(outside, (text) => {
        for (const [make, before] of [
          [markdownText, ""],
          [markdownText, "mode: "],
          [markdownCode, "- "],
        ] as const) {
          const page = `${before}${make(text)}`;
          const nodes = allNodes(readMarkdown(page));

          expect(beyondWords(page)).toEqual([]);
          expect(nodes.map(({ type }) => type).filter((type) => type === "heading" || type === "strong")).toEqual([]);
          expect(nodes.filter(({ type }) => type === "list")).toHaveLength(before === "- " ? 1 : 0);
          expect(nodes.map(({ value }) => value ?? "").join("")).toBe(
            `${before === "- " ? "" : before}${cleanLine(text, 500) || (make === markdownCode ? "–" : "")}`.trim(),
          );
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("stays one block, whatever a message holds", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            outside,
            fc.integer({ min: 1, max: 300 }).map((n) => "`".repeat(n)),
          ),
        ),
        (lines) => {
          const text = cleanText(lines.join("\n"));

          expect(readMarkdown(markdownBlock(text)).children?.map(({ type, value }) => [type, value])).toEqual([
            ["code", text.replace(/`{100,}/g, `${"`".repeat(99)}…`)],
          ]);
        },
      ),
    );
  });
});

describe("the reader of these tests", () => {
  it.each([
    "@octocat",
    "#1",
    "GH-1",
    "acme/shop#2",
    "acme/shop@a1b2c3d4e5f6",
    "a1b2c3d4e5f6",
    "www.x.example",
    "a@b.example",
    "https://x.example",
    "![a](b)",
    "[a](b)",
    "<b>",
    "&#64;octocat",
    "&#35;1",
    "~~a~~",
    "\\#1",
  ])("finds %s", (text) => {
    expect(beyondWords(text)).not.toEqual([]);
  });
});

const outside = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "@octocat",
        "@acme/data",
        "#123",
        "GH-1",
        "acme/shop#1",
        "acme/shop@a1b2c3d4",
        "acme@a1b2c3d",
        "a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d0",
        "fixes",
        "closes",
        "https://evil.example",
        "www.evil.example",
        "a@evil.example",
        "mailto:a@evil.example",
        "![x](https://e.example/p.png)",
        "[x](javascript:x)",
        "[^1]",
        "<img src=x>",
        "<!--",
        "-->",
        "&#64;a",
        "&commat;a",
        "`",
        "``",
        "```",
        "\\",
        "|",
        "---",
        "===",
        ":-:",
        "-",
        "1.",
        "#",
        ">",
        "*",
        "**",
        "_",
        "__",
        "~~",
        ":tada:",
        "$x$",
        "\u200b",
        "\u202e",
        "not_null_orders",
      ),
      hostile,
    ),
    { minLength: 1, maxLength: 6 },
  )
  .chain((parts) => fc.constantFrom(" ", "", "\n").map((between) => parts.join(between)));
