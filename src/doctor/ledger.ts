import { count, listed } from "../render/words.ts";
import { type Check, fail, ok, warn } from "./check.ts";
import type { LedgerFacts, Seen } from "./facts.ts";

/** Whether the next run knows what this one tells. `seen`: null where the ledger is no file. */
export function checkLedger(seen: Seen<LedgerFacts> | null): readonly Check[] {
  if (seen === null) return [];
  if (seen.kind === "failed") return [warn("ledger", seen.why, seen.fix ?? "try again")];
  const { path, isInWorkFolder, scopes, damage, canMove } = seen.value;
  if (isInWorkFolder)
    return [
      fail(
        "ledger",
        `the ledger ${path} lies in the work folder, which every ci empties: each run tells everything again`,
        "ledger: file:PATH in a folder that lasts, or one that a cache saves also when the job fails",
      ),
    ];
  if (damage !== null && !canMove)
    return [
      fail(
        "ledger",
        `the ledger ${path} ${damage}, and no run can write one there: each run tells everything again`,
        "ledger: file:PATH with the path of a file, which need not be there yet",
      ),
    ];
  if (damage !== null)
    return [
      warn(
        "ledger",
        `the ledger ${path} ${damage}: the next run keeps it aside, and tells every open problem once more`,
        "leave it to the next run, or put a sound copy there",
      ),
    ];
  if (scopes === null) return [ok("ledger", `${path} is not there yet: the first run that tells anybody makes it`)];
  return [
    ok(
      "ledger",
      `${path} holds what was told of ${count(scopes.length, "scope")}, each on its own: ${listed(scopes, 3)}`,
    ),
  ];
}
