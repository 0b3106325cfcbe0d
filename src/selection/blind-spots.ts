import { type Fields, fieldsOf } from "../artifacts/fields.ts";
import type { Manifest, Node } from "../artifacts/manifest.ts";
import { CLEAN_MACRO } from "../run/clean.ts";
import { cutList } from "./cut-list.ts";
import { changedMacrosOf } from "./macros.ts";
import type { PlannedNode } from "./plan.ts";
import { isSame } from "./python-equality.ts";

/** What changed between two manifests, and what no state selector of dbt's sees: one warning each, sorted by kind. */
export function blindSpots(current: Manifest, baseline: Manifest): readonly string[] {
  const nodes = [...current.nodes.values()];
  const shared = nodes.flatMap((node) => {
    const old = baseline.nodes.get(node.id);
    return old === undefined ? [] : [{ node, now: node.raw, before: old.raw }];
  });
  const changed = [...changedMacrosOf(current, baseline).values()];
  const naming = changed.filter(({ name }) => /(?:^|__)generate_(?:schema|alias|database)_name$/.test(name));
  const reached = macrosInUse(current);
  const unreached = changed.filter(
    (macro) =>
      macro.package === current.projectName &&
      // Ours, which no node is to use.
      macro.name !== CLEAN_MACRO &&
      current.macros.has(macro.id) &&
      !reached.has(macro.id) &&
      !naming.includes(macro),
  );
  const large = shared.filter(({ node, now, before }) => node.type === "seed" && isPathOnly(now) && isPathOnly(before));
  const metrics = shared.filter(
    ({ node, now, before }) =>
      node.type === "metric" && ["type_params", "filter"].some((key) => !isSame(now[key] ?? null, before[key] ?? null)),
  );
  const gone = [...baseline.nodes.values()].filter(
    (node) => LEAVES_BEHIND.has(node.type) && !current.nodes.has(node.id),
  );
  const untested = [...baseline.nodes.values()].filter(
    (node) => isTest(node) && !current.nodes.has(node.id) && node.parents.some((id) => current.nodes.has(id)),
  );
  return [
    warn(gone.map(nameOf), "deleted, renamed or disabled since the baseline; what they built stays in the warehouse"),
    warn(untested.map(nameOf), "tests that are gone since the baseline, and what they guarded is not"),
    warn(
      large.map(({ node }) => nameOf(node)),
      "seeds above 1 MiB: dbt compares their paths, not their content",
    ),
    warn(
      naming.map(nameOf),
      "changed, and with it perhaps where every node is built: dbt does not count that as a change",
    ),
    warn(unreached.map(nameOf), "changed macros that no node is known to use; dbt does not see a use below `execute`"),
    warn(
      metrics.map(({ node }) => nameOf(node)),
      "metrics with another formula, which dbt does not compare",
    ),
  ].filter((warning) => warning !== null);
}

/**
 * What changed in `vars:` of dbt_project.yml, as dbt_project.yml has it now and had it at the baseline; null: nothing. No
 * node counts as modified because a variable that it reads has another value.
 */
export function changedVars(now: unknown, before: unknown): string | null {
  const [current, old] = [flatVars(now), flatVars(before)];
  const names = [...new Set([...current.keys(), ...old.keys()])].filter(
    (name) => !isSame(current.get(name), old.get(name)),
  );
  return warn(names, "changed vars; dbt does not see which nodes read them");
}

/** `start_date`, and `shop.start_date` of a package's own. */
function flatVars(vars: unknown): ReadonlyMap<string, unknown> {
  const entries = Object.entries(fieldsOf(vars)).flatMap(([name, value]): [string, unknown][] => {
    const inner = Object.entries(fieldsOf(value));
    return inner.length === 0 ? [[name, value]] : inner.map(([key, each]) => [`${name}.${key}`, each]);
  });
  return new Map(entries);
}

/**
 * `dbt or package upgrade: 120 nodes changed only by macro test_unique of package dbt`, one for each package whose macros
 * alone changed nodes of the plan. `project`: the root project's name.
 */
export function describeUpgrades(nodes: readonly PlannedNode[]): readonly string[] {
  const counts = new Map<string, { nodes: number; macros: Set<string> }>();
  for (const { reasons } of nodes) {
    const macros = reasons.map((reason) => (reason.kind === "macro" ? reason.macro.split(".") : []));
    const [owner] = macros[0] ?? [];
    if (owner === undefined || macros.some((parts) => parts.length < 2 || parts[0] !== owner)) continue;
    const known = counts.get(owner) ?? { nodes: 0, macros: new Set() };
    known.nodes += 1;
    for (const [, ...name] of macros) known.macros.add(name.join("."));
    counts.set(owner, known);
  }
  return [...counts.keys()].sort().map((owner) => {
    const { nodes: number, macros } = counts.get(owner) ?? { nodes: 0, macros: new Set<string>() };
    const what = macros.size === 1 ? "macro" : "macros";
    return `dbt or package upgrade: ${number} ${number === 1 ? "node" : "nodes"} changed only by ${what} ${cutList([...macros].sort())} of package ${owner}`;
  });
}

const LEAVES_BEHIND: ReadonlySet<string> = new Set(["model", "seed", "snapshot", "function"]);

function isTest({ type }: Node): boolean {
  return type === "test" || type === "unit_test";
}

function isPathOnly(raw: Fields): boolean {
  return fieldsOf(raw.checksum).name === "path";
}

function macrosInUse(manifest: Manifest): ReadonlySet<string> {
  const used = new Set<string>();
  const waiting = [...manifest.nodes.values()].flatMap(({ macros }) => macros);
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (used.has(id)) continue;
    used.add(id);
    for (const called of manifest.macros.get(id)?.macros ?? []) waiting.push(called);
  }
  return used;
}

function nameOf({ name }: Pick<Node, "name">): string {
  return name;
}

function warn(names: readonly string[], what: string): string | null {
  return names.length === 0 ? null : `${cutList([...names].sort())}: ${what}`;
}
