/** Lenient reading of single fields: what is absent or of another type is null or empty, never an exception. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** The fields of a text in JSON, none where that is no object; null: it is no JSON. */
export function fieldsIn(text: string): Fields | null {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return null;
  }
}

/** A collection by its keys; what is no object is left out. */
export function entriesOf(value: unknown): [string, Fields][] {
  return Object.entries(fieldsOf(value)).filter((entry): entry is [string, Fields] => isFields(entry[1]));
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text that is not empty, else null. */
export function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** The texts of a list; a single text counts as a list of one, as dbt reads `tags: nightly`. */
export function textsOf(value: unknown): readonly string[] {
  return (typeof value === "string" ? [value] : listOf(value)).filter((item) => typeof item === "string");
}

/** A finite number; dbt writes counts as texts where the warehouse returned them so. */
export function numberOf(value: unknown): number | null {
  if (typeof value === "string" && value.trim() === "") return null;
  const number = typeof value === "number" || typeof value === "string" ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : null;
}

/**
 * An ISO time in UTC with milliseconds, from dbt's forms of it: 0 to 9 digits of a second, `Z`, an offset or neither
 * (dbt writes UTC). null for anything else.
 */
export function timeOf(value: unknown): string | null {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/.exec(textOf(value) ?? "");
  if (match === null) return null;
  const [, day, clock, fraction = "", zone = "Z"] = match;
  const milliseconds = Date.parse(`${day}T${clock}.${fraction.slice(0, 3).padEnd(3, "0")}${zone}`);
  return Number.isNaN(milliseconds) ? null : new Date(milliseconds).toISOString();
}

/** As `timeOf`, with all digits of the second: dbt compares microseconds. It sorts as time does. */
export function preciseTimeOf(value: unknown): string | null {
  const time = timeOf(value);
  if (time === null) return null;
  const [, fraction = ""] = /\.(\d{1,9})/.exec(textOf(value) ?? "") ?? [];
  return `${time.slice(0, 19)}.${fraction.padEnd(9, "0")}Z`;
}

/** dbt on Windows writes `\`, and some versions a leading `./`. */
export function pathOf(value: unknown): string {
  return (textOf(value) ?? "").replaceAll("\\", "/").replace(/^(?:\.\/)+/, "");
}
