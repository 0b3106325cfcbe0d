/** C1 controls, what turns the direction of writing, what is invisible: JSON.stringify escapes only C0. */
const UNSEEN = /[\u007f-\u009f\u2028\u2029\ufffe\uffff]|[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
/** The runner looks for `##[` anywhere in a line; `terminal-line.ts` says more. */
const MARK = /##(?=[A-Za-z]{0,20}\[)/g;

/**
 * A value as JSON for people and programs: two spaces, a line break at its end. What a terminal, an editor or a CI's runner
 * would act on is written as `\uXXXX`, which every reader turns back into what it was.
 */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2).replace(UNSEEN, escaped).replace(MARK, "#\\u0023")}\n`;
}

function escaped(mark: string): string {
  return Array.from({ length: mark.length }, (_, at) => `\\u${mark.charCodeAt(at).toString(16).padStart(4, "0")}`).join(
    "",
  );
}
