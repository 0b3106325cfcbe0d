import { describe, expect, it } from "vitest";
import type { Node } from "../../src/artifacts/manifest.ts";
import { createCompare } from "../../src/selection/changes.ts";
import { macro, manifest, node, test } from "./build.ts";

type Raw = Readonly<Record<string, unknown>>;

/** Changes of one node from `before` to `now`, which is laid over it. */
function changes(
  before: Raw,
  now: Raw,
  overrides: Partial<Node> = {},
  dbtVersions = ["1.11.16", "1.11.16"],
  compareUnrendered = false,
) {
  const old = manifest([node("a", before, overrides)], [], { dbtVersion: dbtVersions[0] ?? "" });
  const current = node("a", { ...before, ...now }, overrides);
  const manifests = manifest([current], [], { dbtVersion: dbtVersions[1] ?? "" });
  return createCompare(manifests, old, { compareUnrendered })(current);
}

const source: Partial<Node> = { type: "source", id: "source.shop.raw.a" };
const persists = (columns: boolean) => ({ config: { persist_docs: { relation: true, columns } } });
const enforced = (checksum: string) => ({ contract: { enforced: true, checksum } });

describe("a model", () => {
  it.each<[string, Raw, Raw, unknown[]]>([
    ["nothing", {}, {}, []],
    ["its code", {}, { raw_code: "select 2" }, [{ kind: "body" }]],
    [
      "a config and meta",
      { unrendered_config: { meta: { a: 1 } } },
      { unrendered_config: { materialized: "table" } },
      [{ kind: "config", keys: ["materialized", "meta"] }],
    ],
    ["tags and group", {}, { unrendered_config: { tags: ["a"], group: "g" } }, []],
    ["1 for true", { unrendered_config: { meta: { a: true } } }, { unrendered_config: { meta: { a: 1 } } }, []],
    ["a config set to null", {}, { unrendered_config: { lookback: null } }, [{ kind: "config", keys: ["lookback"] }]],
    ["a schema", {}, { unrendered_config: { schema: "other" } }, [{ kind: "relation" }]],
    ["a schema set to null", {}, { unrendered_config: { schema: null } }, []],
    ["the rendered schema", { schema: "a" }, { schema: "b" }, []],
    ["a description that is not persisted", {}, { description: "new" }, []],
    ["a persisted description", persists(false), { description: "new" }, [{ kind: "description" }]],
    [
      "a column's persisted description",
      persists(true),
      { columns: { id: { description: "new" } } },
      [{ kind: "description" }],
    ],
    ["a column's description, not persisted", persists(false), { columns: { id: { description: "new" } } }, []],
    ["a contract", enforced("x"), enforced("y"), [{ kind: "contract" }]],
    ["a contract that is not enforced", {}, { contract: { enforced: false, checksum: "y" } }, []],
    ["an enforced contract", {}, enforced("x"), [{ kind: "contract" }]],
    ["its folder", {}, { fqn: ["shop", "b", "a"] }, [{ kind: "moved" }]],
    ["its access", { access: "protected" }, { access: "public" }, [{ kind: "config", keys: ["access"] }]],
    [
      "its checksum alone",
      { checksum: { name: "sha256", checksum: "a" } },
      { checksum: { name: "sha256", checksum: "b" } },
      [],
    ],
    [
      "code and a config",
      {},
      { raw_code: "x", unrendered_config: { a: 1 } },
      [{ kind: "body" }, { kind: "config", keys: ["a"] }],
    ],
  ])("with other %s", (_, before, now, reasons) => {
    const found = changes(before, now);

    expect(found.reasons).toEqual(reasons);
    expect(found.isModified).toBe(reasons.length > 0);
  });
});

describe("other types", () => {
  const seed: Partial<Node> = { type: "seed" };
  const checksum = (name: string, value: string) => ({ checksum: { name, checksum: value } });

  it.each<[string, Partial<Node>, Raw, Raw, unknown[]]>([
    ["a seed's content", seed, checksum("sha256", "a"), checksum("sha256", "b"), [{ kind: "checksum" }]],
    ["a large seed's content", seed, checksum("path", "seeds/a.csv"), {}, []],
    ["a seed without a checksum", seed, checksum("none", ""), {}, [{ kind: "checksum" }]],
    [
      "a unit test's rows",
      { type: "unit_test" },
      { checksum: "a" },
      { checksum: "b", description: "x" },
      [{ kind: "body" }],
    ],
    [
      "a source's freshness",
      source,
      { freshness: { warn_after: { count: 1 } } },
      { freshness: null },
      [{ kind: "config", keys: ["freshness"] }],
    ],
    ["a source's tags", source, {}, { unrendered_config: { tags: ["a"] } }, [{ kind: "config", keys: ["tags"] }]],
    ["a source's schema", source, { schema: "a" }, { schema: "b" }, [{ kind: "relation" }]],
    ["a source's columns and description", source, {}, { columns: { a: {} }, description: "x" }, []],
    [
      "the order of an exposure's parents",
      { type: "exposure" },
      { depends_on: { nodes: ["a", "b"] } },
      { depends_on: { nodes: ["b", "a"] } },
      [],
    ],
    [
      "an exposure's parents",
      { type: "exposure" },
      { depends_on: { nodes: ["a"] } },
      { depends_on: { nodes: [] } },
      [{ kind: "config", keys: ["depends_on"] }],
    ],
    [
      "a metric's formula",
      { type: "metric" },
      { type_params: { measure: "a" } },
      { type_params: { measure: "b" } },
      [],
    ],
    [
      "a metric's label and group",
      { type: "metric" },
      { label: "a" },
      { label: "b", unrendered_config: { group: "g" } },
      [{ kind: "config", keys: ["label"] }],
    ],
    [
      "a semantic model's config, with its defaults",
      { type: "semantic_model" },
      { config: {} },
      { config: { enabled: true, group: null, meta: {} } },
      [],
    ],
    [
      "a semantic model's measures",
      { type: "semantic_model" },
      { measures: [{ name: "a" }] },
      { measures: [{ name: "b" }] },
      [{ kind: "config", keys: ["measures"] }],
    ],
    [
      "a saved query's filter and tags",
      { type: "saved_query" },
      {},
      { query_params: { where: { a: 1 } }, tags: ["a"] },
      [{ kind: "config", keys: ["tags", "where"] }],
    ],
    [
      "a function's result",
      { type: "function" },
      { returns: { data_type: "int" } },
      { returns: { data_type: "text" } },
      [{ kind: "config", keys: ["returns"] }],
    ],
  ])("%s", (_, overrides, before, now, reasons) => {
    expect(changes(before, now, overrides).reasons).toEqual(reasons);
  });

  it("a generic test is compared by its test config and place, not by its code", () => {
    const before = test("t", [], { unrendered_config: { severity: "error", meta: { a: 1 } } });
    const now = { ...before, raw: { ...before.raw, raw_code: "other", unrendered_config: { severity: "warn" } } };

    const found = createCompare(manifest([now]), manifest([before]))(now);

    expect(found.reasons).toEqual([{ kind: "config", keys: ["severity"] }]);
    expect([...found.parts].sort()).toEqual(["body", "configs"]);
  });

  it.each([
    ["1.11.16", []],
    ["1.12.0", [{ kind: "config", keys: ["sql_header"] }]],
  ])("sql_header of a test is compared from dbt 1.12 on: %s", (version, reasons) => {
    const found = changes(
      {},
      { test_metadata: { name: "x" }, unrendered_config: { sql_header: "set a" } },
      { type: "test" },
      [version, version],
    );

    expect(found.reasons).toEqual(reasons);
  });
});

describe("what is new", () => {
  it.each([
    ["model", true],
    ["test", true],
    ["unit_test", true],
    ["function", true],
    ["source", false],
    ["exposure", false],
    ["metric", false],
    ["semantic_model", false],
    ["saved_query", false],
  ])("a %s is modified: %s", (type, isModified) => {
    const current = node("a", {}, { type });

    const found = createCompare(manifest([current]), manifest([]))(current);

    expect(found).toMatchObject({ isNew: true, isModified, reasons: [{ kind: "new" }] });
  });
});

describe("macros", () => {
  const user = node("a", {}, { macros: ["macro.shop.outer"] });
  const outer = macro("outer", { macros: ["macro.shop.inner", "macro.dbt.star"] });
  const compare = (now: readonly ReturnType<typeof macro>[], before: readonly ReturnType<typeof macro>[]) =>
    createCompare(manifest([user], now), manifest([user], before))(user).reasons;

  it("counts through other macros, and names the first that changed", () => {
    const reasons = compare([outer, macro("inner", { sql: "new" })], [outer, macro("inner")]);

    expect(reasons).toEqual([{ kind: "macro", macro: "inner", path: "macros/inner.sql" }]);
  });

  it("does not go on behind a changed one", () => {
    const reasons = compare([{ ...outer, sql: "new" }, macro("inner", { sql: "new" })], [outer, macro("inner")]);

    expect(reasons).toEqual([{ kind: "macro", macro: "outer", path: "macros/outer.sql" }]);
  });

  it("names the package of a macro that is not the project's", () => {
    const star = macro("star", { package: "dbt" });

    expect(compare([outer, star], [outer])).toEqual([{ kind: "macro", macro: "dbt.star", path: "macros/star.sql" }]);
  });

  it("counts one that is gone while the node still names it", () => {
    expect(compare([], [outer])).toEqual([{ kind: "macro", macro: "outer", path: "macros/outer.sql" }]);
  });

  it("ignores one that nobody calls, and survives macros that call each other", () => {
    const circle = [macro("outer", { macros: ["macro.shop.inner"] }), macro("inner", { macros: ["macro.shop.outer"] })];

    expect(compare([...circle, macro("other", { sql: "new" })], [...circle, macro("other")])).toEqual([]);
  });
});

describe("a baseline of another version", () => {
  const code = `{{ config(materialized="table", meta={'a': 1}) }} select 1`;
  const before = { raw_code: code, unrendered_config: { materialized: "table", meta: { a: 1 } } };
  const reread = { unrendered_config: { materialized: "table", meta: "{'a': 1}" } };

  it.each<[string, string[], boolean, boolean]>([
    ["is read again by 1.12", ["1.11.16", "1.12.3"], true, false],
    ["is not, where rendered values are compared", ["1.11.16", "1.12.3"], false, true],
    ["is not, within one version", ["1.12.3", "1.12.3"], true, true],
    ["is not by 1.11", ["1.10.0", "1.11.16"], true, true],
  ])("%s", (_, versions, compareUnrendered, isModified) => {
    expect(changes(before, reread, {}, versions, compareUnrendered).isModified).toBe(isModified);
  });

  it("still shows a config that is set elsewhere", () => {
    const now = { unrendered_config: { ...reread.unrendered_config, grants: {} } };

    expect(changes(before, now, {}, ["1.11.16", "1.12.3"], true).reasons).toEqual([
      { kind: "config", keys: ["grants"] },
    ]);
  });
});
