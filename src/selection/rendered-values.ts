import { fieldsOf, textOf } from "../artifacts/fields.ts";
import type { Manifest, Node } from "../artifacts/manifest.ts";
import { createCompare } from "./changes.ts";
import { configCallOf } from "./config-call.ts";
import { cutList } from "./cut-list.ts";
import { dialectOf } from "./dialect.ts";
import type { PlannedNode, Reason } from "./plan.ts";
import { isSame } from "./python-equality.ts";

/** What is known beside the two manifests. */
export interface Circumstances {
  /** The project's flag state_modified_compare_more_unrendered_values; null: it says nothing of it. */
  readonly compareUnrendered: boolean | null;
  /** What git sees as changed since the baseline, from the project's folder; null: not known. */
  readonly changedFiles: ReadonlySet<string> | null;
}

/** Sure: what is written is the same. Likely: it is not in the manifests, and no file changed. */
type Certainty = "sure" | "likely";

const RELATION = ["database", "schema", "alias"];

/**
 * Warnings for what dbt takes as changed because a value depends on the target or the environment: nodes of the plan, and
 * sources that nodes of the plan follow. dbt compares rendered values unless the project asks it to compare what is
 * written, and a bundle of production was rendered with production's target.
 */
export function renderedOtherwise(
  planned: readonly PlannedNode[],
  current: Manifest,
  baseline: Manifest,
  { compareUnrendered, changedFiles }: Circumstances,
): readonly string[] {
  const known = dialectOf(current.dbtVersion)?.comparesUnrendered ?? false;
  const isOn = known === "never" ? false : (compareUnrendered ?? known);
  const nodes = planned.flatMap(({ id, reasons }) => {
    const [node, old] = [current.nodes.get(id), baseline.nodes.get(id)];
    if (node === undefined || old === undefined || reasons.length === 0) return [];
    if (!reasons.every(({ kind }) => kind === "config" || kind === "relation")) return [];
    const keys = reasons.flatMap((reason) => (reason.kind === "config" ? reason.keys : otherRelation(node, old)));
    const certainty = certaintyOfNode(node, old, keys, current.projectName, changedFiles);
    return certainty === null ? [] : [{ id, name: node.name, certainty }];
  });
  // With the flag dbt compares what is written of a source, whatever it renders to.
  const sources = isOn ? [] : sourcesOf(planned, current, baseline, changedFiles);
  return (["sure", "likely"] as const).flatMap((certainty) => {
    const told = [...nodes, ...sources].filter((each) => each.certainty === certainty);
    if (told.length === 0) return [];
    const ids = new Set(told.map(({ id }) => id));
    const followers = planned.filter(({ reasons }) => reasons.some((each) => isDownstream(each) && ids.has(each.of)));
    const more =
      followers.length === 0
        ? ""
        : ` (${followers.length} of the plan ${followers.length === 1 ? "follows" : "follow"})`;
    return `${cutList(told.map(({ name }) => name).sort())}: ${WORDS[certainty]}${more}. ${adviceFor(known, isOn)}`;
  });
}

/** Sources that nodes of the plan follow and that have another place alone. */
function sourcesOf(
  planned: readonly PlannedNode[],
  current: Manifest,
  baseline: Manifest,
  changedFiles: ReadonlySet<string> | null,
): readonly { readonly id: string; readonly name: string; readonly certainty: Certainty }[] {
  const compare = createCompare(current, baseline, { compareUnrendered: false });
  const followed = new Set(
    planned.flatMap(({ id, reasons }) => [id, ...reasons.filter(isDownstream).map(({ of }) => of)]),
  );
  return [...current.nodes.values()].flatMap((node) => {
    const old = baseline.nodes.get(node.id);
    if (node.type !== "source" || old === undefined || !followed.has(node.id)) return [];
    const { reasons } = compare(node);
    if (reasons.length === 0 || !reasons.every(({ kind }) => kind === "relation")) return [];
    const certainty = certaintyOfSource(node, old, changedFiles);
    const name = `${textOf(node.raw.source_name) ?? ""}.${node.name}`;
    return certainty === null ? [] : [{ id: node.id, name, certainty }];
  });
}

function isDownstream(reason: Reason): reason is Reason & { readonly kind: "downstream" } {
  return reason.kind === "downstream";
}

const WORDS: Readonly<Record<Certainty, string>> = {
  sure: "changed for dbt, though the same is written as in the baseline: it depends on the target, the environment or a variable, which the baseline had otherwise",
  likely:
    "changed config or relation, and no changed file is known: they probably depend on the target or the environment, which the baseline had otherwise",
};

const FLAG = "state_modified_compare_more_unrendered_values";

function adviceFor(known: boolean | "never", isOn: boolean): string {
  if (known === "never") return `From dbt 1.9 on the flag ${FLAG} lets dbt compare what is written`;
  if (isOn) return `Or the baseline was made before the flag ${FLAG} was set: the next bundle knows what is written`;
  return `With flags: { ${FLAG}: true } in dbt_project.yml dbt compares what is written`;
}

function otherRelation(node: Node, old: Node): readonly string[] {
  const [mine, others] = [fieldsOf(node.raw.unrendered_config), fieldsOf(old.raw.unrendered_config)];
  return RELATION.filter((key) => !isSame(mine[key] ?? null, others[key] ?? null));
}

function certaintyOfNode(
  node: Node,
  old: Node,
  keys: readonly string[],
  project: string,
  changedFiles: ReadonlySet<string> | null,
): Certainty | null {
  const code = node.raw.raw_code;
  // What stands in the code is the same where the code is.
  const call = typeof code === "string" && code === old.raw.raw_code ? configCallOf(code) : new Map<string, string>();
  if (keys.length > 0 && keys.every((key) => call.has(key))) return "sure";
  if (changedFiles === null || node.package !== project || changedFiles.has("dbt_project.yml")) return null;
  return isUntouched([node.path, node.patchPath], changedFiles) ? "likely" : null;
}

function certaintyOfSource(
  { raw: now, path }: Node,
  { raw: before }: Node,
  changedFiles: ReadonlySet<string> | null,
): Certainty | null {
  const others = ["database", "schema", "identifier"].filter((key) => !isSame(now[key] ?? null, before[key] ?? null));
  const isKnown = others.every((key) => [now, before].every((raw) => Object.hasOwn(raw, `unrendered_${key}`)));
  const isWrittenSame = (key: string) => isSame(now[`unrendered_${key}`] ?? null, before[`unrendered_${key}`] ?? null);
  if (isKnown) return others.every(isWrittenSame) ? "sure" : null;
  return changedFiles === null || isUntouched([path], changedFiles) ? "likely" : null;
}

function isUntouched(files: readonly (string | null)[], changedFiles: ReadonlySet<string>): boolean {
  return files.every((file) => file === null || !changedFiles.has(file));
}
