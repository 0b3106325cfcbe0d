import type { Macro, Manifest, Node } from "../../src/artifacts/manifest.ts";
import { type IndirectSelection, type Selection, type SelectOptions, select } from "../../src/selection/select.ts";
import { aManifest, aNode, aTest } from "../artifacts/build.ts";

type Raw = Readonly<Record<string, unknown>>;

/** A node whose raw entry is what dbt writes for it; `raw` is laid over that. */
export function node(name: string, raw: Raw = {}, overrides: Partial<Node> = {}): Node {
  const type = overrides.type ?? "model";
  const made = aNode(name, { type, ...overrides });
  return { ...made, raw: { fqn: made.fqn, raw_code: `select '${name}'`, config: {}, unrendered_config: {}, ...raw } };
}

/** A generic test on its parents. */
export function test(name: string, parents: readonly string[], raw: Raw = {}): Node {
  const made = aTest(name, parents);
  return {
    ...made,
    raw: { fqn: made.fqn, raw_code: "{{ test_not_null() }}", test_metadata: { name: "not_null" }, ...raw },
  };
}

export function macro(name: string, overrides: Partial<Macro> = {}): Macro {
  const owner = overrides.package ?? "shop";
  const path = `macros/${name}.sql`;
  return {
    id: `macro.${owner}.${name}`,
    name,
    package: owner,
    path,
    sql: `select '${name}'`,
    macros: [],
    ...overrides,
  };
}

export function manifest(
  nodes: readonly Node[],
  macros: readonly Macro[] = [],
  overrides: Partial<Manifest> = {},
): Manifest {
  return aManifest(nodes, { macros: new Map(macros.map((entry) => [entry.id, entry])), ...overrides });
}

/** Options of a plain `ls`; a text selects, a mode follows. */
export function options(text: string, overrides: Partial<SelectOptions> = {}): SelectOptions {
  return { select: [text], exclude: [], indirectSelection: "eager", as: "ls", ...overrides };
}

/** The ids that are selected; throws where dbt would have to be asked. */
export function selected(
  current: Manifest,
  text: string,
  overrides: Partial<SelectOptions> & { readonly baseline?: Manifest | null } = {},
): readonly string[] {
  const { baseline = null, ...rest } = overrides;
  return idsOf(select(current, baseline, options(text, rest)));
}

export function idsOf(selection: Selection): readonly string[] {
  if (selection.kind === "unsupported") throw new Error(`unsupported: ${selection.why}`);
  return selection.ids;
}

/**
 * Two sources, a chain with a fork, and tests:
 * `source raw.a → a → b → d`, `source raw.b → c → d`; t_a on a, t_bc on b and c, t_as on a and source raw.b.
 */
export function forked(): Manifest {
  const source = (name: string) =>
    node(
      name,
      { source_name: "raw" },
      { type: "source", id: `source.shop.raw.${name}`, path: "models/sources.yml", fqn: ["shop", "raw", name] },
    );
  const model = (name: string, parents: readonly string[], raw: Raw = {}) =>
    node(name, raw, { parents, path: `models/${name}.sql`, fqn: ["shop", name] });
  return manifest([
    source("a"),
    source("b"),
    model("a", ["source.shop.raw.a"], { tags: ["nightly"] }),
    model("b", ["model.shop.a"], { config: { materialized: "table" } }),
    model("c", ["source.shop.raw.b"], { tags: ["nightly"] }),
    model("d", ["model.shop.b", "model.shop.c"]),
    test("t_a", ["model.shop.a"]),
    test("t_bc", ["model.shop.b", "model.shop.c"]),
    test("t_as", ["model.shop.a", "source.shop.raw.b"]),
  ]);
}

export const MODES: readonly IndirectSelection[] = ["eager", "buildable", "cautious", "empty"];
