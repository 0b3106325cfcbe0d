import { z } from "zod";
import { CLEAN_MACRO } from "../run/clean.ts";

/** `only`: drops these, and no other; null lists them all. Names are letters, digits and `_ $`. */
export function cleanArguments(prefix: string, only: readonly string[] | null): readonly string[] {
  const args = only === null ? { prefix, dry_run: true } : { prefix, only, dry_run: false };
  return [CLEAN_MACRO, "--args", JSON.stringify(args)];
}

const logLine = z.object({
  info: z.object({ name: z.literal("JinjaLogInfo"), msg: z.string() }),
});

/**
 * The names that the macro says it found, out of dbt's log in JSON; null where it said nothing.
 * `signalbox_clean: would drop 2 schemas: ci_a_000000, ci_b_111111`
 */
export function readCleanLog(log: string): readonly string[] | null {
  for (const line of log.split("\n").reverse()) {
    if (!line.includes(CLEAN_MACRO)) continue;
    const said = /^signalbox_clean: (?:would drop|drops) (\d+) schemas?(?:: (.+))?$/.exec(messageOf(line) ?? "");
    if (said === null) continue;
    const names = said[2]?.split(", ") ?? [];
    return names.length === Number(said[1]) ? names : null;
  }
  return null;
}

function messageOf(line: string): string | null {
  try {
    return logLine.safeParse(JSON.parse(line)).data?.info.msg ?? null;
  } catch {
    return null;
  }
}
