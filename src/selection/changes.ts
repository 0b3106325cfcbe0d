import type { Manifest, Node } from "../artifacts/manifest.ts";
import { nearestDialect } from "./dialect.ts";
import { createMacroCheck } from "./macros.ts";
import {
  changedConfig,
  changedProperties,
  hasOtherBody,
  hasOtherContract,
  hasOtherDescriptions,
  hasOtherFolder,
  hasOtherRelation,
  isGenericTest,
  type Pair,
} from "./node-comparison.ts";
import type { Reason } from "./plan.ts";

/** The X of `state:modified.X`. */
export type ChangedPart = "body" | "configs" | "relation" | "persisted_descriptions" | "macros" | "contract";

/** What dbt sees of one node against the baseline. */
export interface Changes {
  readonly isNew: boolean;
  /** `state:modified`. A new source, exposure, metric, semantic model or saved query is not: dbt says so. */
  readonly isModified: boolean;
  readonly parts: ReadonlySet<ChangedPart>;
  /** Why it is modified, and that it is new. */
  readonly reasons: readonly Reason[];
}

export type Compare = (node: Node) => Changes;

/** What of a node counts as its content, by type; dbt/contracts/graph/nodes.py, `same_contents`. */
type Content = "body" | "configs" | "relation" | "descriptions" | "moved" | "contract" | "properties";

const CODE: readonly Content[] = ["body", "configs", "relation", "descriptions", "moved", "properties"];
const CONTENTS: ReadonlyMap<string, readonly Content[]> = new Map([
  ["model", [...CODE, "contract"]],
  ["unit_test", ["body"]],
  ["source", ["relation", "configs", "moved", "properties"]],
  ["exposure", ["configs", "moved", "properties"]],
  ["metric", ["configs", "properties"]],
  ["semantic_model", ["configs", "properties"]],
  ["saved_query", ["configs", "properties"]],
]);
const GENERIC_TEST: readonly Content[] = ["configs", "moved"];

/** Types whose `same_contents` says "the same" where there is nothing to compare with. */
const NOT_MODIFIED_WHEN_NEW: ReadonlySet<string> = new Set([
  "source",
  "exposure",
  "metric",
  "semantic_model",
  "saved_query",
]);

/** Types without code: only these parts of them can be named in `state:modified.X`. */
const PARTS: ReadonlyMap<string, readonly ChangedPart[]> = new Map([
  ["source", ["configs", "relation"]],
  ["exposure", ["configs"]],
  ["metric", ["configs"]],
  ["semantic_model", ["configs"]],
  ["saved_query", ["configs"]],
  ["unit_test", []],
]);
const ALL_PARTS: readonly ChangedPart[] = ["body", "configs", "relation", "persisted_descriptions", "contract"];

/**
 * Compares nodes of `current` with `baseline` as dbt's state selector does; each node once.
 * `compareUnrendered`: the flag state_modified_compare_more_unrendered_values.
 */
export function createCompare(
  current: Manifest,
  baseline: Manifest,
  { compareUnrendered }: { readonly compareUnrendered?: boolean } = {},
): Compare {
  const dialect = nearestDialect(current.dbtVersion);
  const known = dialect.comparesUnrendered;
  const comparesUnrendered = known === "never" ? false : (compareUnrendered ?? known);
  const changedMacros = createMacroCheck(current, baseline);
  const done = new Map<string, Changes>();
  return (node) => {
    const compared = done.get(node.id);
    if (compared !== undefined) return compared;
    const old = baseline.nodes.get(node.id);
    const macros = changedMacros(node.macros);
    const changes =
      old === undefined
        ? newNode(node, macros)
        : compareNodes(
            {
              node,
              now: node.raw,
              before: old.raw,
              dialect,
              comparesUnrendered,
              rereadsCalls:
                dialect.rereadsConfigCalls && comparesUnrendered && baseline.dbtVersion !== current.dbtVersion,
            },
            macros,
          );
    done.set(node.id, changes);
    return changes;
  };
}

function newNode(node: Node, macros: readonly Reason[]): Changes {
  const parts = PARTS.get(node.type) ?? ALL_PARTS;
  return {
    isNew: true,
    isModified: !NOT_MODIFIED_WHEN_NEW.has(node.type) || macros.length > 0,
    parts: new Set(macros.length > 0 ? [...parts, "macros"] : parts),
    reasons: [{ kind: "new" }],
  };
}

/** One for all nodes that are: most of them. */
const UNCHANGED: Changes = { isNew: false, isModified: false, parts: new Set(), reasons: [] };

function compareNodes(pair: Pair, macros: readonly Reason[]): Changes {
  const { node } = pair;
  const configKeys = changedConfig(pair);
  const properties = changedProperties(pair);
  const found: Record<Content, boolean> = {
    body: hasOtherBody(pair),
    configs: configKeys.length > 0,
    relation: hasOtherRelation(pair),
    descriptions: hasOtherDescriptions(pair),
    moved: hasOtherFolder(pair),
    contract: hasOtherContract(pair),
    properties: properties.length > 0,
  };
  if (macros.length === 0 && !Object.values(found).includes(true)) return UNCHANGED;
  const contents = isGenericTest(node) ? GENERIC_TEST : (CONTENTS.get(node.type) ?? CODE);
  const changed = new Set(contents.filter((content) => found[content]));
  const parts = (PARTS.get(node.type) ?? ALL_PARTS).filter((part) =>
    part === "persisted_descriptions" ? found.descriptions : part !== "macros" && found[part],
  );
  const keys = [...(changed.has("configs") ? configKeys : []), ...(changed.has("properties") ? properties : [])].sort();
  const plain = (["body", "relation", "descriptions", "contract", "moved"] as const).filter((part) =>
    changed.has(part),
  );
  return {
    isNew: false,
    isModified: changed.size > 0 || macros.length > 0,
    parts: new Set(macros.length > 0 ? [...parts, "macros" as const] : parts),
    reasons: [
      ...plain.map((part): Reason => ({ kind: part === "body" && node.type === "seed" ? "checksum" : NAMES[part] })),
      ...(keys.length > 0 ? [{ kind: "config" as const, keys: [...new Set(keys)] }] : []),
      ...macros,
    ],
  };
}

const NAMES = {
  body: "body",
  relation: "relation",
  descriptions: "description",
  contract: "contract",
  moved: "moved",
} as const;
