import fc from "fast-check";
import { expect, it } from "vitest";
import { html, markupOf } from "../../src/text/html.ts";

it("holds texts as texts, pieces as pieces, and lists of both", () => {
  const list = ["a<b", html`<i>${'"'}</i>`, ["&", 7, null]];

  expect(markupOf(html`<p title="${"it's"}">${list}</p>`)).toBe(`<p title="it's">a&lt;b<i>&quot;</i>&amp;7</p>`);
});

it("takes nothing but its own pieces for markup, whatever an artifact holds", () => {
  const forged = JSON.parse('{"markup":"<script>","Symbol(markup)":"<script>","length":0}');

  expect(() => markupOf(forged)).toThrow();
});

it("leaves no text a character that HTML reads, and loses none", () => {
  const names: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };

  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const escaped = markupOf(text);

      expect(escaped).not.toMatch(/[<>"]/);
      expect(escaped.replace(/&(\w+);/g, (_, name: string) => names[name] ?? "?")).toBe(text);
    }),
  );
});
