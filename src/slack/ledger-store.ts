import { z } from "zod";
import type { Ledger } from "../alerts/alert.ts";
import { upgradeFingerprint } from "../alerts/fingerprint.ts";
import { SignalboxError } from "../support/errors.ts";
import { readFileIfAny, writeFileAtomic } from "../support/files.ts";

/** Where the ledger lives between runs. */
export interface LedgerStore {
  /** The scope's ledger, an empty one where it has none yet. Throws an artifacts error for one that is unreadable. */
  load(scope: string): Promise<Ledger>;
  save(ledger: Ledger): Promise<void>;
}

const ledgerEntry = z.object({
  fingerprint: z.string().transform(upgradeFingerprint),
  severity: z.enum(["error", "warn"]),
  firstSeen: z.string(),
  lastSeen: z.string(),
  runs: z.number(),
  notifiedAt: z.string(),
  thread: z.object({ channel: z.string(), ts: z.string() }).nullable(),
});
const ledger = z.object({
  scope: z.string(),
  lastRun: z.string().nullable(),
  entries: z.array(ledgerEntry),
  board: z.object({ week: z.string(), channel: z.string(), ts: z.string() }).nullable(),
});
const ledgerFile = z.object({ schema: z.literal(1), ledgers: z.array(ledger) });

/** A file with the ledgers of all scopes. It has to last from run to run: a folder, or a cache that is always saved. */
export function createFileLedger(path: string): LedgerStore {
  const readAll = async (): Promise<readonly Ledger[]> => {
    const text = await readFileIfAny(path);
    if (text === null) return [];
    try {
      return ledgerFile.parse(JSON.parse(text)).ledgers;
    } catch (error) {
      throw new SignalboxError("artifacts", `the ledger ${path} is unreadable`, {
        hint: "delete it to start anew: every open problem is then told once more",
        cause: error,
      });
    }
  };
  return {
    load: async (scope) =>
      (await readAll()).find((item) => item.scope === scope) ?? { scope, lastRun: null, entries: [], board: null },
    save: async (changed) => {
      const others = (await readAll()).filter((item) => item.scope !== changed.scope);
      await writeFileAtomic(path, `${JSON.stringify({ schema: 1, ledgers: [...others, changed] }, null, 2)}\n`);
    },
  };
}
