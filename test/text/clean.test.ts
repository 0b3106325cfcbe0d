import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanCut, cleanLine, cleanText, cut, cutText } from "../../src/text/clean.ts";
import { hostile } from "../render/build.ts";

describe("cleaning text from outside", () => {
  it.each([
    ["a colour", "\u001b[1;31mred\u001b[0m", "red"],
    ["a colour in one byte", "\u009b31mred", "red"],
    ["a terminal's link", "\u001b]8;;https://evil.example\u0007here\u001b]8;;\u001b\\", "here"],
    ["an unfinished link", "\u001b]8;;https://evil.example\nnext", "next"],
    ["the clipboard", "a\u001b]52;c;cm0gLXJmIH4=\u0007b", "ab"],
    ["a title in one byte, closed by one byte", "a\u009d0;title\u009cb", "ab"],
    ["a device's string", "a\u001bPq#0;2\u001b\\b\u0090x\u009cc", "abc"],
    [
      "a program's, a private and an old string",
      "a\u001b_x\u001b\\b\u001b^x\u001b\\c\u001bXx\u001b\\d\u009fx\u009ce",
      "abcde",
    ],
    ["a cleared screen", "a\u001b[2J\u001b[Hb\u001bcc", "abc"],
    ["a sequence inside a sequence", "a\u001b\u001b[0m[31mb", "a[31mb"],
    ["a short escape", "a\u001bMb\u001b(Bc", "abc"],
    ["control characters", "a\u0000\u0007\u0008\u007fb", "ab"],
    ["other line breaks", "a\r\nb\rc\u0085d\u2028e", "a\nb\nc\nd\ne"],
    ["letters that turn the line around", "a\u202eb\u2066c\u200fd", "abcd"],
    ["invisible characters", "a\u200bb\u00adc\ufeffd", "abcd"],
    ["letters that take no room", "a\u034f\u115f\u3164\u2060\u{e0041}b", "ab"],
    ["joiners and forms that join nothing", "a\u200db c\ufe0fd \u200c", "ab cd"],
    ["half a character", "a\ud800b\udc00", "a\ufffdb\ufffd"],
    ["blank lines around and spaces behind", "\n\n  a  \nb\n\n", "  a\nb"],
  ])("takes out %s", (_, text, expected) => {
    expect(cleanText(text)).toBe(expected);
  });

  it("keeps what words are made of: joined emoji, accents, tabs as spaces", () => {
    expect(cleanText("👩‍👩‍👧 ⚠️ 1️⃣ می‌خواهم e\u0301\tx")).toBe("👩‍👩‍👧 ⚠️ 1️⃣ می‌خواهم e\u0301    x");
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
        expect(clean).not.toMatch(/\p{Cs}|(?![\u200c\u200d])\p{Cf}/u);
        expect(cleanText(clean)).toBe(clean);
        expect(cleanLine(text)).not.toContain("\n");
      }),
    );
  });

  it("cleans of a long text what it shows, and shows the same as if it cleaned all", () => {
    const piece = fc.oneof(
      fc.constantFrom("\u001b[3", "\u001b]0;", "🚂", "\ud83d", "\u200d", " ", "\n", "é\u200d", "x"),
      hostile,
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(piece, fc.nat(300)), { maxLength: 12 }),
        fc.integer({ min: 1, max: 30 }),
        (pieces, most) => {
          const text = pieces.map(([each, times]) => each.repeat(times)).join("");

          expect(cleanLine(text, most)).toBe(cut(cleanText(text).replace(/\s+/g, " ").trim(), most));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("cuts several lines of a long text as if it cleaned all", () => {
    const piece = fc.oneof(
      fc.constantFrom("\u001b[3", "\u001b]0;", "🚂", "\ud83d", "\u200d", " ", "\n", "\t", "é\u200d", "x"),
      fc.string({ unit: "binary", maxLength: 3 }),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }),
        fc.nat(300),
        fc.nat(12),
        fc.nat(8),
        (pieces, times, most, lines) => {
          const text = `${pieces.join("")}${pieces.join("").repeat(times)}`;

          expect(cleanCut(text, most, lines)).toBe(cutText(cleanText(text), most, lines));
        },
      ),
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
