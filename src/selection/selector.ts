import { configurationError, type SignalboxError } from "../support/errors.ts";

/** One `2+method.arguments:value+3`, with its position in what the user wrote. */
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
  readonly position: CriterionPosition;
}

/** For messages: the option, and the character at which the criterion begins, from 1. */
export interface CriterionPosition {
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
export function parseSelector(texts: readonly string[], option: CriterionPosition["option"]): Selector {
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

/** Whether a selector asks which sources have newer data: dbt has to have looked at them before. */
export function asksNewerData(text: string): boolean {
  return /(^|[\s,+@\d])source_status[.:]/.test(text);
}

/** Whether dbt may need the results of the baseline's build for these words: a named selector may ask for them as well. */
export function mayAskResults(text: string): boolean {
  return /(^|[\s,+@\d=])(?:result|selector)[.:]/.test(text) || /^--selector\b/.test(text);
}

/** The selector without the parts (between spaces) that ask for newer data; null: nothing is left. */
export function withoutNewerData(text: string): string | null {
  const parts = text.split(" ").filter((part) => part !== "" && !asksNewerData(part));
  return parts.length === 0 ? null : parts.join(" ");
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
export function refuse(
  { text, position }: { text: string; position: CriterionPosition },
  wanted: string,
): SignalboxError {
  const where = `${position.option}, character ${position.character}`;
  const marked = `${oneLine(position.whole)}\n${" ".repeat(position.character - 1)}${"^".repeat(Math.max(1, text.length))}`;
  return configurationError([{ where, got: JSON.stringify(text), wanted }], marked);
}

function parseCriterion(text: string, position: CriterionPosition): Criterion {
  const groups = CRITERION.exec(text)?.groups;
  if (groups === undefined) throw refuse({ text, position }, "expected a selector on one line");
  const { at, parents, parentDepth, method, value = "", children, childDepth } = groups;
  if (at !== undefined && children !== undefined)
    throw refuse({ text, position }, '"@" and a "+" behind do not go together');
  const [name = "", ...rest] = method === undefined ? [defaultMethod(value)] : method.split(".");
  return {
    text,
    method: name,
    arguments: rest,
    value,
    withChildrensParents: at !== undefined,
    parentDepth: parents === undefined ? null : depthOf(parentDepth),
    childDepth: children === undefined ? null : depthOf(childDepth),
    position,
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
