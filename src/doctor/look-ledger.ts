import { resolve, sep } from "node:path";
import type { Context } from "../setup/context.ts";
import { readFileIfAny } from "../support/files.ts";
import type { LedgerFacts } from "./facts.ts";

/** Reads the file that `ledger: file:PATH` names. Throws where it cannot be read. */
export async function lookAtLedger(named: string, { cwd, work }: Pick<Context, "cwd" | "work">): Promise<LedgerFacts> {
  const path = resolve(cwd, named.slice("file:".length));
  const text = await readFileIfAny(path);
  const ledgers = text === null ? null : ledgersIn(text);
  return {
    path,
    isInWorkFolder: path.startsWith(work.dir + sep),
    scopes: text === null ? null : (ledgers ?? []).flatMap((each) => scopeOf(each)),
    isDamaged: text !== null && ledgers === null,
  };
}

function ledgersIn(text: string): readonly unknown[] | null {
  try {
    const { ledgers } = JSON.parse(text) as { ledgers?: unknown };
    return Array.isArray(ledgers) ? ledgers : null;
  } catch {
    return null;
  }
}

function scopeOf(ledger: unknown): readonly string[] {
  const scope = (ledger as { scope?: unknown } | null)?.scope;
  return typeof scope === "string" ? [scope] : [];
}
