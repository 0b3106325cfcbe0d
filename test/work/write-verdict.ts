import { writeFileSync } from "node:fs";
import type { Verdict, VerdictResult } from "../../src/severity/verdict.ts";

/** Writes a verdict as `report` does. */
export function writeVerdict(path: string, verdict: Verdict): void {
  const bad = verdict.findings.filter(({ muted }) => muted === null);
  const counts = {
    error: bad.filter(({ severity }) => severity === "error").length,
    warn: bad.filter(({ severity }) => severity === "warn").length,
    skipped: 0,
    passed: verdict.passed.length,
    muted: verdict.findings.length - bad.length,
  };
  const result: VerdictResult = { schema: 1, ...verdict, counts, sources: [] };
  writeFileSync(path, JSON.stringify(result));
}
