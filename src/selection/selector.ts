import { configurationError, type SignalboxError } from "../support/errors.ts";

/** One `2+method.arguments:value+3`, with its place in what the user wrote. */
export interface Criterion {
  readonly text: string;
  readonly method: string;
  readonly arguments: readonly string[];
  readonly value: string;
  /** `@x` */
  readonly withChildrensParents: boolean;
  /** Steps upwards of `2+x`, endless for `+x`; null without. */
  readonly parentDepth: number | null;
  readonly childDepth: number | null;
  readonly place: Place;
}

/** For messages: the option, and the character at which the criterion begins, from 1. */
export interface Place {
  readonly option: "select" | "exclude";
  readonly whole: string;
  readonly character: number;
}

/** A union of intersections. */
export type Selector = readonly (readonly Criterion[])[];

/** dbt/graph/selector_spec.py: RAW_SELECTOR_PATTERN */
const CRITERION =
  /^(?<at>@)?(?<parents>(?<parentDepth>\d*)\+)?(?:(?<method>[\p{L}\p{N}_.]+):)?(?<value>[^\n]*?)(?<children>\+(?<childDepth>\d*))?$/u;

/**
 * Reads texts of --select or --exclude as dbt does: a space is a union, a comma an intersection. Method names are not
 * checked here. Throws a configuration error that names the character where dbt would refuse the text.
 */
export function parseSelector(texts: readonly string[], option: Place["option"]): Selector {
  return texts.flatMap((whole) =>
    splitAt(whole, " ", 1).map(({ text: union, character: start }) =>
      splitAt(union, ",", start).map(({ text, character }) => parseCriterion(text, { option, whole, character })),
    ),
  );
}

/** Whether a selector compares with a baseline. */
export function comparesState(text: string): boolean {
  return /(^|[\s,+@\d])state:/.test(text);
}

/**
 * The same selector with all parents of what it selects; what it says of their depth is left out. An intersection is
 * not turned into the parents of what it selects: no selector of dbt's says that.
 */
export function withAllParents(text: string): string {
  return text.replace(/(?<=^|\s)(?!@)(?:\d*\+)?(?=\S)/g, "+");
}

/**
 * The same for what has children: `@x` for `x+`, which takes in the parents of all that follows. A child's other parents
 * are in no `+x+`.
 */
export function withAllParentsOfChildren(text: string): string {
  return withAllParents(text).replace(/(?<=^|\s)\+([^\s,]+)\+\d*(?=\s|$)/g, "@$1");
}

/** An error that shows the criterion and where it stands. */
export function refuse({ text, place }: { text: string; place: Place }, wanted: string): SignalboxError {
  const where = `${place.option}, character ${place.character}`;
  const marked = `${oneLine(place.whole)}\n${" ".repeat(place.character - 1)}${"^".repeat(Math.max(1, text.length))}`;
  return configurationError([{ where, got: JSON.stringify(text), wanted }], marked);
}

function parseCriterion(text: string, place: Place): Criterion {
  const groups = CRITERION.exec(text)?.groups;
  if (groups === undefined) throw refuse({ text, place }, "expected a selector on one line");
  const { at, parents, parentDepth, method, value = "", children, childDepth } = groups;
  if (at !== undefined && children !== undefined)
    throw refuse({ text, place }, '"@" and a "+" behind do not go together');
  const [name = "", ...rest] = method === undefined ? [defaultMethod(value)] : method.split(".");
  return {
    text,
    method: name,
    arguments: rest,
    value,
    withChildrensParents: at !== undefined,
    parentDepth: parents === undefined ? null : depthOf(parentDepth),
    childDepth: children === undefined ? null : depthOf(childDepth),
    place,
  };
}

function defaultMethod(value: string): string {
  if (value.includes("/")) return "path";
  return /\.(?:sql|py|csv)$/i.test(value) ? "file" : "fqn";
}

function depthOf(digits: string | undefined): number {
  return digits === undefined || digits === "" ? Number.POSITIVE_INFINITY : Number(digits);
}

function splitAt(text: string, separator: string, start: number): { text: string; character: number }[] {
  let character = start;
  return text.split(separator).map((part) => {
    const piece = { text: part, character };
    character += part.length + separator.length;
    return piece;
  });
}

/** Characters that move the cursor would put the mark in the wrong place. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ");
}
