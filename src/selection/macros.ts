import type { Macro, Manifest } from "../artifacts/manifest.ts";
import type { Reason } from "./plan.ts";

/** The reasons of a node that depends on these macros: the first changed macro on each way, sorted. */
export type MacroCheck = (macros: readonly string[]) => readonly Reason[];

/** Macros whose text differs, or that only one of the manifests has; from the current one where it has them. */
export function changedMacrosOf(current: Manifest, baseline: Manifest): ReadonlyMap<string, Macro> {
  const changed = new Map<string, Macro>();
  for (const [id, macro] of current.macros) {
    if (baseline.macros.get(id)?.sql !== macro.sql) changed.set(id, macro);
  }
  for (const [id, macro] of baseline.macros) {
    if (!current.macros.has(id)) changed.set(id, macro);
  }
  return changed;
}

export function createMacroCheck(current: Manifest, baseline: Manifest): MacroCheck {
  const changed = changedMacrosOf(current, baseline);
  const leadsToChange = callersOf(changed, current);
  return (macros) => {
    if (changed.size === 0) return [];
    const found: Macro[] = [];
    const seen = new Set<string>();
    const waiting = [...macros];
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      const macro = changed.get(id);
      if (macro !== undefined) found.push(macro);
      else if (leadsToChange.has(id)) for (const called of current.macros.get(id)?.macros ?? []) waiting.push(called);
    }
    return found.sort((a, b) => (a.id < b.id ? -1 : 1)).map((macro) => reasonOf(macro, current.projectName));
  };
}

/** A macro of a package carries the package's name, as in `dbt_utils.star`. */
function reasonOf({ name, package: owner, path }: Macro, project: string): Reason {
  return { kind: "macro", macro: owner === project ? name : `${owner}.${name}`, path };
}

/** Macros that call a changed one, through others too. */
function callersOf(changed: ReadonlyMap<string, Macro>, current: Manifest): ReadonlySet<string> {
  const callers = new Map<string, string[]>();
  for (const [id, { macros }] of current.macros) {
    for (const called of macros) {
      const known = callers.get(called);
      if (known === undefined) callers.set(called, [id]);
      else known.push(id);
    }
  }
  const reached = new Set<string>();
  const waiting = [...changed.keys()];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (const caller of callers.get(id) ?? []) {
      if (reached.has(caller)) continue;
      reached.add(caller);
      waiting.push(caller);
    }
  }
  return reached;
}
