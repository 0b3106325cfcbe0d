import type { Finding } from "../severity/verdict.ts";

/** What a generic test guards and how: it stays the same where only an argument, and with it dbt's id, is another. */
export function secondKeyOf(
  subject:
    | Finding["subject"]
    | {
        readonly kind?: never;
        readonly attachedTo: string | null;
        readonly column: string | null;
        readonly test: string | null;
      },
): string | null {
  if (subject.kind === "run" || subject.kind === "tool" || subject.attachedTo === null || subject.test === null)
    return null;
  return [subject.attachedTo, subject.column ?? "", subject.test].join("|");
}
