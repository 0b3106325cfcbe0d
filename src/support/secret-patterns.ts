import { asCompared, WINDOW } from "./readings.ts";

/** What is looked for in a text, as a reading gives it. */
export interface Pattern {
  readonly text: string;
  /** So much of it is a secret already, at the end of a text that was cut. */
  readonly least: number;
  /** Base64 that begins or ends inside a character: the one before or behind it holds some bits of the secret too. */
  readonly takesBefore: boolean;
  readonly takesAfter: boolean;
}

/**
 * A secret in the forms that are texts of their own: as it is, in capitals and small letters (a warehouse writes names so),
 * its bytes as characters, in hex, in base64 and base64url at each offset of a longer text, and in base64 of that. What a
 * form writes otherwise character by character is a matter of readings.
 */
export function patternsOf(secret: string): readonly Pattern[] {
  // The host of an address is none: a text that ends with it is not a secret that was cut.
  const host = /^[a-z][a-z0-9+.-]*:\/\/[^/]*\/?/i.exec(secret)?.[0].length ?? 0;
  const whole = (text: string, least: number): Pattern => ({ text, least, takesBefore: false, takesAfter: false });
  const bytes = Buffer.from(secret);
  const hex = bytes.toString("hex");
  const inBase64 = base64sOf(bytes);
  const written = [secret, secret.toUpperCase(), secret.toLowerCase(), bytes.toString("latin1")];
  const patterns = [
    ...[...new Set(written)].map((text) => whole(asCompared(text), host + WINDOW)),
    ...[hex, hex.toUpperCase()].map((text) => whole(text, 2 * WINDOW)),
    ...inBase64,
    ...inBase64.flatMap(({ text }) => base64sOf(Buffer.from(text))),
  ];
  return patterns.filter(({ text }) => text.length >= WINDOW);
}

function base64sOf(bytes: Buffer): readonly Pattern[] {
  return [0, 1, 2].flatMap((offset) => base64Of(bytes, offset));
}

/** The characters of a base64 that stand for these bytes alone, where they begin at this offset modulo 3 of what is encoded. */
function base64Of(bytes: Buffer, offset: number): readonly Pattern[] {
  const shifted = Buffer.concat([Buffer.alloc(offset), bytes]);
  const first = [0, 2, 3][offset] ?? 0;
  const bits = shifted.length * 8;
  const text = shifted.toString("base64").slice(first, Math.floor(bits / 6));
  const url = text.replaceAll("+", "-").replaceAll("/", "_");
  const pattern = { text, least: WINDOW, takesBefore: offset !== 0, takesAfter: bits % 6 !== 0 };
  return url === text ? [pattern] : [pattern, { ...pattern, text: url }];
}
