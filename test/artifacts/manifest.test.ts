import { describe, expect, it } from "vitest";
import { type Manifest, type Node, readManifest } from "../../src/artifacts/manifest.ts";
import { manifestJson } from "./build.ts";
import { readReal, realFiles } from "./real.ts";

function nodeOf(manifest: Manifest, id: string): Node {
  const node = manifest.nodes.get(id);
  if (node === undefined) throw new Error(`${id} is not there`);
  return node;
}

/** A manifest with one entry in `nodes`, read; and that entry. */
function readOne(raw: Record<string, unknown>, collection = "nodes"): Node {
  const id = String(raw.unique_id);
  return nodeOf(readManifest(manifestJson({ [collection]: { [id]: raw } }), "manifest.json"), id);
}

const model = { unique_id: "model.shop.orders", resource_type: "model", name: "orders", package_name: "shop" };
const test = { unique_id: "test.shop.t.1a", resource_type: "test", name: "t", package_name: "shop" };

describe("readManifest", () => {
  it.each<[what: string, selectors: unknown, name: string | null]>([
    ["has one", { all: { name: "all", default: false }, nightly: { name: "nightly", default: true } }, "nightly"],
    ["has others alone", { all: { name: "all" } }, null],
    ["has none", {}, null],
    ["does not tell", undefined, null],
    ["tells what is none", [null, "nightly"], null],
  ])("knows the default selector where the project %s", (_, selectors, name) => {
    expect(readManifest(manifestJson({ selectors }), "manifest.json").defaultSelector).toEqual(
      name === null ? null : { name },
    );
  });

  it.each<[what: string, selectors: unknown, found: unknown]>([
    ["may have one where it has any: it does not say which", { few: { name: "few" } }, { name: null }],
    ["has none where there are none", {}, null],
  ])("of dbt 2 %s", (_, selectors, found) => {
    const metadata = { ...JSON.parse(manifestJson()).metadata, dbt_version: "2.0.0-preview.196" };

    expect(readManifest(manifestJson({ metadata, selectors }), "manifest.json").defaultSelector).toEqual(found);
  });

  it("merges every collection that has ids, and leaves out what is disabled", () => {
    const entry = (id: string, extra = {}) => ({ [id]: { unique_id: id, name: id, ...extra } });
    const text = manifestJson({
      nodes: { ...entry("model.a.m"), ...entry("test.a.off", { config: { enabled: false } }) },
      sources: entry("source.a.s.t"),
      exposures: entry("exposure.a.e"),
      metrics: entry("metric.a.m"),
      semantic_models: entry("semantic_model.a.s"),
      saved_queries: entry("saved_query.a.q"),
      unit_tests: entry("unit_test.a.m.u"),
      functions: entry("function.a.f"),
      disabled: { "model.a.off": [{ unique_id: "model.a.off" }] },
      docs: entry("doc.a.d"),
    });

    const { nodes } = readManifest(text, "manifest.json");

    expect([...nodes.keys()]).toEqual([
      "model.a.m",
      "source.a.s.t",
      "exposure.a.e",
      "metric.a.m",
      "semantic_model.a.s",
      "saved_query.a.q",
      "unit_test.a.m.u",
      "function.a.f",
    ]);
    expect(nodes.get("source.a.s.t")).toMatchObject({ type: "source", parents: [] });
  });

  it("writes the paths of Windows and of older versions like all others", () => {
    const node = readOne({
      ...model,
      original_file_path: ".\\models\\marts\\orders.sql",
      patch_path: "shop://models\\marts\\_orders.yml",
    });

    expect(node.path).toBe("models/marts/orders.sql");
    expect(node.patchPath).toBe("models/marts/_orders.yml");
    expect(readOne({ ...model, patch_path: "models/schema.yml" }).patchPath).toBe("models/schema.yml");
  });

  it.each([
    [
      "dbt's own word for it",
      { attached_node: "model.shop.b", depends_on: { nodes: ["model.shop.a"] } },
      "model.shop.b",
    ],
    ["the only parent", { depends_on: { nodes: ["model.shop.a"] } }, "model.shop.a"],
    ["no parent at all", { depends_on: { nodes: [] } }, null],
    [
      "the model that the test's metadata refers to",
      {
        depends_on: { nodes: ["model.shop.customers", "model.shop.orders"] },
        test_metadata: {
          name: "relationships",
          kwargs: { to: "ref('customers')", model: "{{ get_where_subquery(ref('orders')) }}" },
        },
      },
      "model.shop.orders",
    ],
    [
      "a source that the test's metadata refers to",
      {
        depends_on: { nodes: ["model.shop.customers", "source.shop.raw.orders"] },
        test_metadata: { kwargs: { model: '{{ get_where_subquery(source("raw", "orders")) }}' } },
      },
      "source.shop.raw.orders",
    ],
    [
      "nothing where two parents have the same name",
      {
        depends_on: { nodes: ["model.shop.orders", "source.shop.raw.orders"] },
        test_metadata: { kwargs: { model: "{{ ref('orders') }}" } },
      },
      null,
    ],
    [
      "the model of the yml entry",
      { depends_on: { nodes: ["model.shop.a", "model.shop.b"] }, file_key_name: "models.b" },
      "model.shop.b",
    ],
    ["several parents and no more", { depends_on: { nodes: ["model.shop.a", "model.shop.b"] } }, null],
  ])("attaches a test by %s", (_, raw, attachedTo) => {
    expect(readOne({ ...test, ...raw }).attachedTo).toBe(attachedTo);
  });

  it("attaches a unit test to its model and a model to nothing", () => {
    const unitTest = {
      unique_id: "unit_test.shop.orders.u",
      resource_type: "unit_test",
      depends_on: { nodes: ["model.shop.orders"] },
    };

    expect(readOne(unitTest, "unit_tests")).toMatchObject({
      attachedTo: "model.shop.orders",
      parents: ["model.shop.orders"],
    });
    expect(readOne({ ...model, depends_on: { nodes: ["model.shop.a"] } }).attachedTo).toBeNull();
  });

  it("reads a test's thresholds, its severity in either case, and its arguments", () => {
    const node = readOne({
      ...test,
      column_name: "id",
      config: { severity: "WARN", warn_if: ">10", error_if: ">100" },
      test_metadata: {
        name: "accepted_values",
        kwargs: { values: [1, 2], column_name: "id", model: "{{ ref('a') }}" },
      },
    });

    expect(node).toMatchObject({
      severity: "warn",
      warnIf: ">10",
      errorIf: ">100",
      column: "id",
      test: { name: "accepted_values", arguments: { values: [1, 2], column_name: "id" } },
    });
  });

  it.each([
    [
      "both thresholds null",
      { warn_after: { count: null, period: null }, error_after: { count: null, period: null } },
      false,
    ],
    ["no thresholds", { warn_after: null, error_after: null }, false],
    ["no freshness", null, false],
    ["one threshold", { warn_after: null, error_after: { count: 24, period: "hour" } }, true],
  ])("knows whether a source has freshness: %s", (_, freshness, expected) => {
    const source = { unique_id: "source.shop.raw.orders", resource_type: "source", name: "orders", freshness };

    expect(readOne(source, "sources").hasFreshness).toBe(expected);
  });

  it.each([
    [
      "a model",
      { ...model, database: "db", schema: "main", alias: "o" },
      { database: "db", schema: "main", identifier: "o" },
    ],
    [
      "a model without a database",
      { ...model, schema: "main" },
      { database: null, schema: "main", identifier: "orders" },
    ],
    ["an ephemeral model", { ...model, schema: "main", config: { materialized: "ephemeral" } }, null],
    ["a test", { ...test, schema: "main" }, null],
  ])("gives a relation to what is in the warehouse: %s", (_, raw, relation) => {
    expect(readOne(raw).relation).toEqual(relation);
  });

  it("merges tags and meta of both places, and reads a tag that is a text", () => {
    const node = readOne({
      ...model,
      tags: ["a"],
      meta: { owner: "old", x: 1 },
      config: { tags: "b", meta: { owner: "new" } },
    });

    expect(node.tags).toEqual(["a", "b"]);
    expect(node.meta).toEqual({ owner: "new", x: 1 });
  });

  it("knows the owners of groups", () => {
    const groups = {
      "group.shop.finance": {
        name: "finance",
        owner: { name: "Finance", email: ["f@shop.example"], slack: "S0123ABCD" },
      },
      "group.shop.odd": { name: "odd", owner: null },
    };

    const { owners } = readManifest(manifestJson({ groups }), "manifest.json");

    expect(owners.get("finance")).toEqual({ name: "Finance", email: "f@shop.example", slack: "S0123ABCD" });
    expect(owners.get("odd")).toEqual({ name: null, email: null, slack: null });
  });

  it("survives entries of any form", () => {
    const raw = {
      unique_id: 7,
      name: [],
      tags: { a: 1 },
      config: "x",
      depends_on: [],
      fqn: null,
      meta: "m",
      test_metadata: 3,
    };

    const manifest = readManifest(
      manifestJson({ nodes: { "model.a.b": raw, "model.a.c": null }, macros: { "macro.a.m": {} } }),
      "x",
    );

    expect([...manifest.nodes.keys()]).toEqual(["model.a.b"]);
    expect(nodeOf(manifest, "model.a.b")).toMatchObject({
      type: "model",
      name: "model.a.b",
      tags: [],
      parents: [],
      meta: {},
    });
    expect(manifest.macros.get("macro.a.m")).toMatchObject({ sql: "", macros: [] });
  });

  it("says so where the file is another artifact or none", () => {
    const runResults =
      '{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json"}, "results": []}';

    expect(() => readManifest(runResults, "m.json")).toThrow(
      "m.json is no manifest file: dbt_schema_version says run-results",
    );
    expect(() => readManifest("{}", "m.json")).toThrow("m.json is no manifest file: it has no nodes");
  });

  describe.each(realFiles().filter(({ kind }) => kind === "manifest"))("reads $file", ({ file }) => {
    const text = readReal(file);
    const manifest = readManifest(text, file);
    const raw = JSON.parse(text.replace(/^\uFEFF/, ""));

    it("with every node that is enabled", () => {
      const enabled = Object.values(raw.nodes as Record<string, { config?: { enabled?: boolean } }>).filter(
        ({ config }) => config?.enabled !== false,
      );

      const others = ["sources", "exposures", "metrics", "semantic_models", "saved_queries", "unit_tests", "functions"];
      const count = others.reduce((sum, name) => sum + Object.keys(raw[name] ?? {}).length, enabled.length);

      expect(manifest.nodes.size).toBe(count);
      expect(manifest.schema).toBe(Number(/v(\d+)\.json$/.exec(raw.metadata.dbt_schema_version)?.[1]));
      expect(manifest.macros.size).toBe(Object.keys(raw.macros ?? {}).length);
    });

    it("with plain paths, and every generic test attached to one of its parents", () => {
      for (const node of manifest.nodes.values()) {
        expect(node.path).not.toMatch(/\\|^\.\//);
        if (node.test !== null && node.parents.length > 0 && !file.includes("1.8.5-test-99a6cce4")) {
          expect(node.parents).toContain(node.attachedTo);
        }
      }
    });
  });
});
