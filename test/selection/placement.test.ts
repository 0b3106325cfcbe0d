import { describe, expect, it } from "vitest";
import type { Manifest, Node } from "../../src/artifacts/manifest.ts";
import {
  outsideOf,
  type Placed,
  placeOf,
  placesOf,
  schemasOf,
  type WriteOptions,
} from "../../src/selection/placement.ts";
import { makerOf } from "../../src/selection/placement-maker.ts";
import {
  isAboutFile,
  type PlaceRefusal,
  type ProductionPart,
  refusedPlaces,
} from "../../src/selection/refused-places.ts";
import { aNode, aSource, aTest } from "../artifacts/build.ts";
import { macro, manifest } from "./build.ts";

const MARK = "feature_fx_1a2b3c";
const OPTIONS: WriteOptions = { storesFailures: false, externalRoot: "." };

interface Where {
  readonly database?: string | null;
  readonly schema?: string;
  readonly alias?: string;
}

/** A node that stands where it is told to, as dbt writes it. */
function at(
  name: string,
  where: Where = {},
  config: Record<string, unknown> = {},
  overrides: Partial<Node> = {},
): Node {
  const { database = "dev", schema = "analytics", alias = name } = where;
  const materialized = typeof config.materialized === "string" ? config.materialized : "table";
  const made = aNode(name, { materialized, relation: { database, schema, identifier: alias }, ...overrides });
  const raw = { database, schema, alias, name, raw_code: "select 1", config: { materialized, ...config } };
  return { ...made, raw: { ...raw, ...overrides.raw } };
}

function testAt(name: string, config: Record<string, unknown>, where: Where = {}): Node {
  const { schema = "analytics_dbt_test__audit" } = where;
  const raw = { database: "dev", schema, alias: name, name, raw_code: "{{ test() }}", config };
  return aTest(name, ["model.shop.orders"], { raw });
}

function production(nodes: readonly Node[], options: WriteOptions = OPTIONS): readonly ProductionPart[] {
  return [{ manifest: manifest(nodes), options }];
}

function refusalsOf(planned: readonly Node[], inProduction: readonly Node[], mark: string | null = MARK) {
  const current = manifest(planned);
  const places = placesOf([...current.nodes.keys()], current, OPTIONS);
  return Object.fromEntries(
    refusedPlaces(outsideOf(places, mark), production(inProduction)).map(({ id, refusal }) => [id, refusal]),
  );
}

describe("what a node writes", () => {
  it.each<[what: string, node: Node, isWritten: boolean]>([
    ["a model", at("orders"), true],
    ["a view", at("orders", {}, { materialized: "view" }), true],
    ["an ephemeral model", at("orders", {}, { materialized: "ephemeral" }), false],
    ["a model without code", at("orders", {}, {}, { raw: { raw_code: " " } }), false],
    ["a seed, which has no code", at("countries", {}, {}, { type: "seed", raw: { raw_code: "" } }), true],
    ["a snapshot", at("history", {}, {}, { type: "snapshot" }), true],
    ["a function", at("to_eur", {}, {}, { type: "function" }), true],
    ["a test", testAt("t", { store_failures: null }), false],
    ["a test that stores failures", testAt("t", { store_failures: true }), true],
    ["a test that stores them as a view", testAt("t", { store_failures_as: "view" }), true],
    [
      "a test that stores them as nothing",
      testAt("t", { store_failures_as: "ephemeral", store_failures: false }),
      false,
    ],
    ["a unit test", aNode("u", { type: "unit_test" }), false],
    ["a source", aSource("raw"), false],
    ["an exposure", aNode("e", { type: "exposure" }), false],
    ["a type of tomorrow", at("thing", {}, {}, { type: "index" }), true],
  ])("%s: %#", (_, node, isWritten) => {
    expect(placeOf(node, OPTIONS) !== null).toBe(isWritten);
  });

  it("is a test's failures where --store-failures says so, and not where the test says no", () => {
    const stored = { ...OPTIONS, storesFailures: true };

    expect(placeOf(testAt("t", { store_failures: null }), stored)?.relation?.identifier).toBe("t");
    expect(placeOf(testAt("t", { store_failures: false }), stored)).toBeNull();
  });

  it.each<[what: string, config: Record<string, unknown>, location: string | null]>([
    ["a table has no file", {}, null],
    [
      "an external table's own",
      { materialized: "external", location: "s3://lake/orders.parquet" },
      "s3://lake/orders.parquet",
    ],
    ["an external table without one", { materialized: "external" }, "s3://root/orders.parquet"],
    ["its format", { materialized: "external", format: "csv" }, "s3://root/orders.csv"],
    ["a folder of parts", { materialized: "external", options: { partition_by: "day" } }, "s3://root/orders"],
    ["Spark's root", { location_root: "s3://lake" }, "s3://lake/orders"],
    [
      "Databricks' whole name",
      { location_root: "s3://lake", include_full_name_in_path: true },
      "s3://lake/dev/analytics/orders",
    ],
    ["Athena's", { external_location: "s3://lake/o" }, "s3://lake/o"],
  ])("location: %s", (_, config, location) => {
    expect(placeOf(at("orders", {}, config), { ...OPTIONS, externalRoot: "s3://root" })?.location).toBe(location);
  });
});

describe("the places of a check", () => {
  it.each<[schema: string, isOwn: boolean]>([
    ["ci_feature_fx_1a2b3c", true],
    ["CI_FEATURE_FX_1A2B3C", true],
    ["ci_feature_fx_1a2b3c_staging", true],
    ["staging_ci_feature_fx_1a2b3c", true],
    ["ci_feature_fx_1a2b3c4", false],
    ["ci_myfeature_fx_1a2b3c", false],
    ["ci_feature_fx", false],
    ["analytics", false],
  ])("in the schema %s", (schema, isOwn) => {
    const places = placesOf(["model.shop.orders"], manifest([at("orders", { schema })]), OPTIONS);

    expect(outsideOf(places, MARK)).toEqual(isOwn ? [] : places);
  });

  it("are its own in a database of its own, and never where nothing tells branches apart", () => {
    const places = placesOf(["model.shop.orders"], manifest([at("orders", { database: `ci_${MARK}` })]), OPTIONS);

    expect(outsideOf(places, MARK)).toEqual([]);
    expect(outsideOf(places, null)).toEqual(places);
  });

  it("lie outside with a file that every branch writes, whatever the schema is", () => {
    const place = (location: string): Placed => ({
      id: "model.shop.orders",
      relation: { database: "dev", schema: `ci_${MARK}`, identifier: "orders" },
      location,
    });

    expect(outsideOf([place("s3://lake/orders.parquet")], MARK)).toHaveLength(1);
    expect(outsideOf([place(`s3://lake/${MARK}/orders.parquet`)], MARK)).toEqual([]);
  });
});

describe("production", () => {
  it.each<[what: string, planned: Node, inProduction: Node, refusal: PlaceRefusal | undefined]>([
    ["the same relation", at("orders"), at("orders"), { kind: "relation", of: "model.shop.orders" }],
    [
      "case alone apart",
      at("orders", { schema: "ANALYTICS", alias: "Orders" }),
      at("orders"),
      { kind: "relation", of: "model.shop.orders" },
    ],
    [
      "an alias that hits another node",
      at("new", { alias: "orders" }),
      at("orders"),
      { kind: "relation", of: "model.shop.orders" },
    ],
    [
      "a source",
      at("orders", {}, {}, { type: "seed" }),
      aSource("orders", { relation: { database: "dev", schema: "analytics", identifier: "orders" } }),
      { kind: "relation", of: "source.shop.raw.orders" },
    ],
    ["a new node in its schema", at("new"), at("orders"), { kind: "schema", of: "model.shop.orders" }],
    ["another database", at("orders", { database: "ci" }), at("orders", { database: "prod" }), undefined],
    [
      "a database that is not told",
      at("orders", { database: null }),
      at("orders"),
      { kind: "relation", of: "model.shop.orders" },
    ],
    ["another schema", at("orders", { schema: "ci" }), at("orders"), undefined],
    ["an ephemeral model of production", at("new"), at("orders", {}, { materialized: "ephemeral" }), undefined],
    [
      "failures of a test",
      at("t", { schema: "audit" }),
      testAt("t", { store_failures: true }, { schema: "audit" }),
      { kind: "relation", of: "test.shop.t" },
    ],
    ["a test that stores none", at("t", { schema: "audit" }), testAt("t", {}, { schema: "audit" }), undefined],
  ])("%s", (_, planned, inProduction, refusal) => {
    expect(refusalsOf([planned], [inProduction])[planned.id]).toEqual(refusal);
  });

  it.each<[what: string, planned: string, inProduction: string, kind: PlaceRefusal["kind"] | undefined]>([
    ["the same file", "s3://lake/orders.parquet", "s3://lake/orders.parquet", "location"],
    ["the same file, written otherwise", "./out//orders.parquet", "out/x/../orders.parquet", "location"],
    ["a file in a folder of production", "s3://lake/orders/1.parquet", "s3://lake/orders", "location"],
    ["a folder around a file of production", "s3://lake", "s3://lake/orders/1.parquet", "location"],
    ["a new file beside production's", "s3://lake/new.parquet", "s3://lake/orders.parquet", "folder"],
    ["another bucket", "s3://ci/orders.parquet", "s3://lake/orders.parquet", undefined],
    ["a longer name", "s3://lake/a/orders2", "s3://lake/b/orders", undefined],
  ])("and files: %s", (_, planned, inProduction, kind) => {
    const one = at("orders", { schema: `ci_${MARK}` }, { materialized: "external", location: planned });
    const other = at("orders", {}, { materialized: "external", location: inProduction });

    expect(refusalsOf([one], [other])[one.id]?.kind).toBe(kind);
  });

  it("refuses what has no place in the manifest", () => {
    const node = aNode("thing", { type: "index", relation: null, raw: { raw_code: "x" } });

    expect(refusalsOf([node], [])).toEqual({ [node.id]: { kind: "unknown" } });
  });

  it("is all of its targets together", () => {
    const places = placesOf(["model.shop.a"], manifest([at("a", { schema: "hourly" })]), OPTIONS);
    const parts = [...production([at("a", { schema: "daily" })]), ...production([at("a", { schema: "hourly" })])];

    expect(refusedPlaces(places, parts)).toHaveLength(1);
    expect(refusedPlaces(places, parts.slice(0, 1))).toEqual([]);
  });
});

describe("what put a node where it is", () => {
  const custom = macro("generate_schema_name");
  const builtin = macro("generate_schema_name", { package: "dbt" });
  const of = (
    node: Node,
    macros: Manifest["macros"] extends ReadonlyMap<string, infer M> ? readonly M[] : never,
    kind: "relation" | "location" | "folder" | "template" = "relation",
  ) => makerOf(node, isAboutFile({ kind, of: "" }), manifest([node], macros));

  it("is the project's own macro, under each name that dbt looks for", () => {
    const isCustom = { kind: "macro", name: "generate_schema_name", path: custom.path, package: "shop" };

    expect(of(at("orders"), [builtin, custom])).toEqual(isCustom);
    expect(of(at("orders"), [builtin, macro("default__generate_schema_name")])).toMatchObject({
      name: "default__generate_schema_name",
    });
    expect(of(at("orders"), [macro("generate_alias_name"), macro("generate_database_name")])).toMatchObject({
      name: "generate_database_name",
    });
  });

  it("is the root project's before that of a package", () => {
    const node = at("orders", {}, {}, { package: "utils" });
    const ofPackage = macro("generate_schema_name", { package: "utils" });

    expect(of(node, [ofPackage, custom])).toMatchObject({ package: "shop" });
    expect(of(node, [builtin, ofPackage])).toMatchObject({ package: "utils" });
  });

  it("is a snapshot's target_schema before all macros, then a config, then the target", () => {
    const history = at("history", {}, { target_schema: "snapshots" }, { type: "snapshot" });

    expect(of(history, [custom])).toEqual({ kind: "config", key: "target_schema", value: "snapshots" });
    expect(of(at("orders", {}, { schema: "mart" }), [builtin])).toEqual({
      kind: "config",
      key: "schema",
      value: "mart",
    });
    expect(of(at("orders"), [builtin])).toEqual({ kind: "target" });
  });

  it("is the location of a file", () => {
    const node = at("orders", {}, { materialized: "external", location: "s3://lake/o" });

    expect(of(node, [custom], "location")).toEqual({ kind: "config", key: "location", value: "s3://lake/o" });
    expect(of(at("orders", {}, { materialized: "external" }), [], "location")).toMatchObject({ key: "external_root" });
  });
});

it("schemas are counted, most first", () => {
  const current = manifest([at("a"), at("b"), at("c", { schema: "mart" }), at("d", { database: null })]);

  expect(schemasOf(placesOf([...current.nodes.keys()], current, OPTIONS))).toEqual([
    { schema: "dev.analytics", count: 2 },
    { schema: "analytics", count: 1 },
    { schema: "dev.mart", count: 1 },
  ]);
});

describe("one place by several names", () => {
  const whyNotPublished = (planned: Node, inProduction: Node, files: Record<string, string>[] = [{}, {}]) => {
    const [check, prod] = files.map((each) => ({ ...OPTIONS, files: new Map(Object.entries(each)) }));
    const current = manifest([planned]);
    const places = placesOf([planned.id], current, check ?? OPTIONS);
    return refusedPlaces(outsideOf(places, MARK), production([inProduction], prod ?? OPTIONS))[0]?.refusal;
  };

  it.each<[what: string, where: Where]>([
    ["in double quotes", { schema: '"ANALYTICS"' }],
    ["in backticks", { schema: "`analytics`" }],
    ["in brackets", { schema: "[analytics]" }],
  ])("is production's %s, which dbt hands on where it adds none", (_, where) => {
    expect(whyNotPublished(at("orders", where), at("orders"))).toEqual({ kind: "relation", of: "model.shop.orders" });
  });

  it("is production's where its file is attached by another name", () => {
    const planned = at("orders", { database: "Warehouse" });
    const inProduction = at("orders", { database: "prod" });

    expect(whyNotPublished(planned, inProduction)).toBeUndefined();
    expect(whyNotPublished(planned, inProduction, [{ warehouse: "/db/p.duckdb" }, { prod: "/db/p.duckdb" }])).toEqual({
      kind: "relation",
      of: "model.shop.orders",
    });
    expect(
      whyNotPublished(planned, inProduction, [{ warehouse: "/db/c.duckdb" }, { prod: "/db/p.duckdb" }]),
    ).toBeUndefined();
  });

  it("is production's by its name too: what stands in for production's path may be a placeholder", () => {
    const files = [{ prod: "/db/c.duckdb" }, { prod: "placeholder" }];

    expect(whyNotPublished(at("orders", { database: "prod" }), at("orders", { database: "prod" }), files)?.kind).toBe(
      "relation",
    );
  });
});

describe("a location that dbt renders when it builds", () => {
  const external = (location: string, schema: string) =>
    at("orders", { schema }, { materialized: "external", location });
  const options = (schema: string): WriteOptions => ({
    ...OPTIONS,
    render: (location) => location.replaceAll("{{ target.schema }}", schema),
  });
  const whyNotPublished = (location: string) => {
    const current = manifest([external(location, `ci_${MARK}`)]);
    const places = placesOf([...current.nodes.keys()], current, options(`ci_${MARK}`));
    const inProduction = external("lake/{{ target.schema }}/orders.parquet", "analytics");
    return refusedPlaces(outsideOf(places, MARK), production([inProduction], options("analytics")))[0]?.refusal;
  };

  it("is the branch's own where the schema is part of it", () => {
    expect(whyNotPublished("lake/{{ target.schema }}/orders.parquet")).toBeUndefined();
  });

  it("is production's where another text says the same", () => {
    expect(whyNotPublished("lake/analytics/orders.parquet")).toEqual({ kind: "location", of: "model.shop.orders" });
  });

  it("is refused where dbt alone can render it", () => {
    expect(whyNotPublished("lake/{{ 'ana' ~ 'lytics' }}/orders.parquet")).toEqual({ kind: "template" });
  });
});

describe("a warehouse of its own", () => {
  const inProduction = at("orders", {}, { materialized: "external", location: "s3://lake/orders.parquet" });
  const whyNotPublished = (location: string) => {
    const current = manifest([at("orders", {}, { materialized: "external", location })]);
    const places = placesOf([...current.nodes.keys()], current, OPTIONS);
    return refusedPlaces(places, production([inProduction]), () => true)[0]?.refusal;
  };

  it("has production's relations by name only", () => {
    expect(whyNotPublished("s3://ci-lake/orders.parquet")).toBeUndefined();
  });

  it("does not have a bucket of its own", () => {
    expect(whyNotPublished("s3://lake/orders.parquet")).toEqual({ kind: "location", of: "model.shop.orders" });
  });
});

describe("an external model without a location of its own", () => {
  const node = at("orders", { schema: `ci_${MARK}` }, { materialized: "external" });
  const whyNotPublished = (owner: string) => {
    const macros = [macro("external_location", { package: owner })];
    const current = { ...manifest([node]), macros: new Map(macros.map((each) => [each.id, each])) };
    const places = placesOf([node.id], current, { ...OPTIONS, externalRoot: "s3://ci" });
    return refusedPlaces(outsideOf(places, MARK), production([]))[0]?.refusal;
  };

  it("is where the adapter puts it", () => {
    expect(whyNotPublished("dbt_duckdb")).toBeUndefined();
  });

  it("is where nobody but dbt can tell, by a macro of the project", () => {
    expect(whyNotPublished("shop")).toEqual({ kind: "template" });
  });
});
