import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lineRedactor, redactAll, redactor } from "../../src/support/redact.ts";

const SECRET = 'ghs_Ab/C+d"ef\\gh12~é';
const PLAIN = "ghs_AbC0123456789xyz";
const PEM = `-----BEGIN X-----\n${"MIIEvQ1BADANBgkq".repeat(4)}\n${"hkiG9w0BAQEFAASC".repeat(4)}\n-----END X-----`;

const encode = (text: string, kind: BufferEncoding) => Buffer.from(text).toString(kind);
const html = (text: string) => text.replace(/[^a-z0-9]/gi, (mark) => `&#${mark.codePointAt(0)};`);

/** Forms in which a program may have written a secret. */
const FORMS: Readonly<Record<string, (secret: string) => string>> = {
  plain: (secret) => secret,
  "in a JSON text": (secret) => JSON.stringify({ message: `is ${secret} it` }),
  "in a JSON text of ASCII": (secret) =>
    JSON.stringify(secret).replace(/[^ -~]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`),
  "percent-encoded": encodeURIComponent,
  "percent-encoded in lower case": (secret) => encodeURIComponent(secret).replace(/%../g, (hex) => hex.toLowerCase()),
  "as a user in an address": (secret) => `https://x-access-token:${encodeURIComponent(secret)}@github.com/a/b`,
  "in character references": html,
  "behind backslashes, as in Markdown": (secret) => secret.replace(/[^a-z0-9]/gi, (mark) => `\\${mark}`),
  "broken over lines": (secret) => `${secret.slice(0, 5)}\n    ${secret.slice(5, 9)}\r\n${secret.slice(9)}`,
  "broken over lines in JSON": (secret) => JSON.stringify(`${secret.slice(0, 5)}\n  ${secret.slice(5)}`),
};

const between = (secret: string, what: string) => [...secret].join(what);
/** In lines of five characters, the first one behind a word. */
const inLines = (secret: string, before: string) =>
  (secret.match(/.{1,5}/gsu) ?? []).map((part, index) => (index === 0 ? part : `${before}${part}`)).join("\n");
const twice = (secret: string, before = "") => encode(encode(`${before}${secret}`, "base64"), "base64");

/** Forms in which nothing of the secret stands as it is: whole, each is `***` alone. */
const WHOLE_FORMS: Readonly<Record<string, (secret: string) => string>> = {
  "in capitals": (secret) => secret.toUpperCase(),
  "in small letters": (secret) => secret.toLowerCase(),
  "in hex": (secret) => encode(secret, "hex"),
  "in hex of capitals": (secret) => encode(secret, "hex").toUpperCase(),
  "in hex, escaped byte by byte": (secret) => encode(secret, "hex").replace(/../g, "\\x$&"),
  "in octal, as git writes bytes": (secret) =>
    [...Buffer.from(secret)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join(""),
  "as bytes of Python": (secret) =>
    [...Buffer.from(secret)]
      .map((byte) => (byte > 126 ? `\\x${byte.toString(16)}` : String.fromCharCode(byte).replace(/[\\"]/, "\\$&")))
      .join(""),
  "as bytes that were read as Latin-1": (secret) => encode(secret, "utf8") && Buffer.from(secret).toString("latin1"),
  "with zero-width spaces": (secret) => between(secret, "\u200b"),
  "with soft hyphens": (secret) => between(secret, "\u00ad"),
  "with joiners, marks of order and forms": (secret) => between(secret, "\u200d\u202e\ufeff\ufe0f\u2060"),
  "with tags": (secret) => between(secret, "\u{e0061}\u{e007f}"),
  "with controls": (secret) => between(secret, "\u0000\u0007\u009d"),
  "with colours": (secret) => between(secret, "\u001b[0m\u001b[38;5;1m"),
  "with colours in JSON": (secret) => JSON.stringify(between(secret, "\u001b[31m")).slice(1, -1),
  "with zero-width spaces in JSON of ASCII": (secret) =>
    JSON.stringify(between(secret, "\u200b"))
      .slice(1, -1)
      .replace(/[^ -~]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`),
  "over lines with a gutter": (secret) => inLines(secret, "  | "),
  "over lines with numbers": (secret) => inLines(secret, " 12 | "),
  "over quoted lines": (secret) => inLines(secret, "> > "),
  "over lines of a comment": (secret) => inLines(secret, "# "),
  "over lines with a box": (secret) => inLines(secret, "│ "),
  "over lines with dbt's times": (secret) => inLines(secret, "07:12:01  "),
  "over lines with a runner's times": (secret) => inLines(secret, "2026-11-25T07:12:01.1234567Z "),
  "over lines with coloured times": (secret) => inLines(secret, "\u001b[0m07:12:01  "),
  "over lines with a gutter in JSON": (secret) => JSON.stringify(inLines(secret, "  | ")).slice(1, -1),
  "over lines of other systems": (secret) => inLines(secret, "").replaceAll("\n", "\u2028"),
  "cut off by dots": (secret) => `${secret.slice(0, 10)}...`,
};

describe("the redactor", () => {
  it.each(
    Object.entries(WHOLE_FORMS).flatMap(([form, write]) => [SECRET, PLAIN].map((secret) => ({ form, secret, write }))),
  )("hides $secret $form, and nothing else", ({ secret, write }) => {
    const shown = redactor([secret])(`before ${write(secret)} behind`);

    expect(shown.replaceAll("\u200b", "")).toMatch(/^before \*\*\*(?:\.\.\.)? behind$/);
  });

  it.each<[form: string, written: string]>([
    ["twice in base64", twice(PLAIN)],
    ["with a user, twice in base64", twice(PLAIN, "x-access-token:")],
    ["with another user, twice in base64", twice(PLAIN, "ab")],
    ["twice in base64url", encode(encode(`~~~${PLAIN}`, "base64url"), "base64url")],
  ])("hides it %s", (_, written) => {
    const shown = redactor([PLAIN])(`-- ${written} --`);
    const rest = shown.replaceAll("*", "").replace(/[^A-Za-z0-9]/g, "");

    expect(shown).toContain("***");
    for (const start of [0, 1, 2, 3]) {
      const inner = Buffer.from(rest.slice(start), "base64").toString("latin1");
      for (const skip of [0, 1, 2, 3])
        expect(Buffer.from(inner.slice(skip), "base64").toString("latin1")).not.toContain(PLAIN.slice(-5));
    }
    expect(rest.length).toBeLessThan(written.length / 2 + 24);
  });

  it.each<[form: string, write: (secret: string) => string]>([
    ["a shell's quotes", (secret) => secret.replaceAll("'", "'\\''")],
    ["the quotes of Python's shlex", (secret) => secret.replaceAll("'", `'"'"'`)],
  ])("hides it in %s", (_, write) => {
    expect(redactor(["don't-tell-it's-me"])(`echo '${write("don't-tell-it's-me")}'`)).toBe("echo '***'");
  });

  it("hides one of which invisible characters are a part, with and without them", () => {
    const secret = "pa\u200dss-w\u00adord-1";

    expect(redactor([secret])(`a ${secret} b pass-word-1 c`)).toBe("a *** b *** c");
  });

  it("finds what stands where an escape sequence has its numbers", () => {
    expect(redactor(["12345678"])("a \u001b[12345678m b")).toBe("a \u001b[***m b");
  });

  it.each(Object.entries(FORMS).flatMap(([form, write]) => [SECRET, PLAIN].map((secret) => ({ form, secret, write }))))(
    "hides $secret $form",
    ({ secret, write }) => {
      const shown = redactor([secret])(`before ${write(secret)} behind`);

      expect(shown).toContain("***");
      expect(shown).toMatch(/^before .*behind$/s);
      for (let at = 0; at + 5 <= secret.length; at += 1) {
        expect(shown).not.toContain(secret.slice(at, at + 5));
        expect(shown).not.toContain(write(secret.slice(at, at + 5)));
      }
    },
  );

  it("hides it in base64 and base64url at each offset, with the characters that hold a part of it", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", minLength: 8, maxLength: 40 }).filter((text) => !/[\r\n]/.test(text)),
        fc.string({ maxLength: 9 }),
        fc.string({ maxLength: 9 }),
        fc.constantFrom("base64" as const, "base64url" as const),
        (secret, before, after, kind) => {
          const shown = redactor([secret])(`-- ${encode(`${before}${secret}${after}`, kind)} --`);
          const [head = "", tail = ""] = shown.slice(3, -3).split("***");

          expect(shown).toContain("***");
          // What is left decodes to no more than what stood around it.
          expect(Buffer.from(head, "base64").length).toBeLessThanOrEqual(Buffer.byteLength(before));
          expect(tail.replaceAll("=", "").length).toBeLessThanOrEqual(Math.ceil((Buffer.byteLength(after) * 4) / 3));
        },
      ),
    );
  });

  it("hides a Basic authorization of GitHub", () => {
    const header = `AUTHORIZATION: basic ${encode(`x-access-token:${PLAIN}`, "base64")}`;

    expect(redactor([PLAIN])(header)).toMatch(/^AUTHORIZATION: basic [A-Za-z0-9]{0,20}\*\*\*=*$/);
  });

  it("hides what a cut has left of it, at the end and before an ellipsis", () => {
    const redact = redactor([PLAIN, "https://hooks.example.com/services/T0/B0/abcdef"]);

    expect(redact(`it is ${PLAIN.slice(0, 12)}`)).toBe("it is ***");
    expect(redact(`it is ${PLAIN.slice(0, 12)}… and more`)).toBe("it is ***… and more");
    expect(redact(`it is ${PLAIN.slice(0, 12)} and more`)).toBe(`it is ${PLAIN.slice(0, 12)} and more`);
    expect(redact("see https://hooks.example.com/")).toBe("see https://hooks.example.com/");
  });

  it("hides a text of several lines as one, with line breaks of JSON too", () => {
    const redact = redactor([PEM]);

    expect(redact(`a ${PEM} b`)).toBe("a *** b");
    expect(redact(JSON.stringify({ key: PEM }))).toBe('{"key":"***"}');
  });

  it("hides the longer of two secrets of which one holds the other, and two that overlap", () => {
    expect(redactor(["secret-a", "secret-a-longer"])("secret-a-longer")).toBe("***");
    expect(redactor(["first-part-AND", "part-AND-second"])("first-part-AND-second")).toBe("***");
  });

  it.each<[form: string, write: (secret: string) => string]>([
    ["JSON inside of JSON", (secret) => JSON.stringify(JSON.stringify({ error: secret }))],
    ["a form", (secret) => new URLSearchParams({ password: secret }).toString()],
    ["an address inside of an address", (secret) => encodeURIComponent(encodeURIComponent(`https://u:${secret}@h`))],
    ["SQL's quotes", (secret) => `password = '${secret.replaceAll("'", "''")}'`],
  ])("hides it in %s", (_, write) => {
    const secret = "s3cr\"et\\w'o:rd x\ty/99";

    expect(redactor([secret])(write(secret))).toBe(write("***"));
  });

  it("leaves a JSON text one", () => {
    const value = { a: `\n${encode(`x${PLAIN}`, "base64").slice(2)}`, b: `"${SECRET}"`, c: [`\\${SECRET}\\`] };

    expect(JSON.parse(redactor([PLAIN, SECRET])(JSON.stringify(value, null, 2)))).toEqual({
      a: "\n***",
      b: '"***"',
      c: ["\\***\\"],
    });
  });

  it("leaves every text alone that holds none of it, and has nothing to do with short values", () => {
    const [long, short] = [redactor([PLAIN, SECRET, PEM]), redactor(["short", ""])];

    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(long(text)).toBe(text);
        expect(short(text)).toBe(text);
      }),
    );
  });
});

describe("lines that come one by one", () => {
  it("hide a secret that is broken over them, and nothing else", () => {
    const lines = [
      "one",
      `two ${PLAIN.slice(0, 9)}`,
      `   ${PLAIN.slice(9, 15)}`,
      `${PLAIN.slice(15)} three`,
      "four",
      `${PLAIN} five`,
    ];

    expect(lines.map(lineRedactor([PLAIN]))).toEqual(["one", "two ***", "***", "*** three", "four", "*** five"]);
  });

  it.each([
    ["their gutter", "  | "],
    ["dbt's times", "07:12:01  "],
    ["much indentation", " ".repeat(60)],
  ])("hide one that is broken over many, behind %s", (_, before) => {
    const lines = [
      "x",
      `two ${PLAIN.slice(0, 7)}`,
      ...(PLAIN.slice(7).match(/.{1,6}/g) ?? []).map((part) => before + part),
    ];

    const shown = lines.map(lineRedactor([PLAIN, "j".repeat(1500)])).join("\n");

    // What is less than a secret's beginning on its line has been shown already.
    expect(shown.replace("two ghs_AbC", "two")).not.toMatch(/[b-zA-Z]{3}[0-9]|[0-9]{3}/);
    expect(shown).toContain("***");
  });

  it("are each as they are alone, where none is broken", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constant(`a ${PLAIN} b`), fc.constant(PLAIN))), (lines) => {
        expect(lines.map(lineRedactor([PLAIN]))).toEqual(lines.map(redactor([PLAIN])));
      }),
    );
  });
});

describe("a redacted value", () => {
  it("is the same value with its texts and the names of its fields redacted", () => {
    const value = { [PLAIN]: [PLAIN, 1, null, true, undefined], at: { deep: `a ${PLAIN}` }, none: null };

    expect(redactAll(value, redactor([PLAIN]))).toEqual({
      "***": ["***", 1, null, true, undefined],
      at: { deep: "a ***" },
      none: null,
    });
  });
});
