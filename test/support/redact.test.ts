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

describe("the redactor", () => {
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
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(redactor([PLAIN, SECRET, PEM])(text)).toBe(text);
        expect(redactor(["short", ""])(text)).toBe(text);
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
