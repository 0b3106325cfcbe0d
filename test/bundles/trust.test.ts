import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readManifest } from "../../src/artifacts/manifest.ts";
import { assertComparable, assertFits, assertHarmlessRelations, whyOfOtherEngine } from "../../src/bundles/trust.ts";
import { aManifest, manifestJson } from "../artifacts/build.ts";
import { aHeader } from "./build.ts";

const WHERE = "s3://bundles/aaaa";

describe("whether a bundle fits", () => {
  it("is told by project, adapter and branch", () => {
    expect(() => assertFits(aHeader(), aManifest(), "main", WHERE)).not.toThrow();
  });

  it.each<[what: string, header: Parameters<typeof aHeader>[0], message: string]>([
    ["project", { project: "bank" }, `the bundle ${WHERE} is of project "bank", not of "shop"`],
    ["adapter", { adapter: "bigquery" }, `the bundle ${WHERE} is of adapter "bigquery", not of "duckdb"`],
    ["branch", { branch: "evil" }, `the bundle ${WHERE} is of branch "evil", not of "main"`],
  ])("another %s is an artifacts error", (_, header, message) => {
    expect(() => assertFits(aHeader(header), aManifest(), "main", WHERE)).toThrow(
      expect.objectContaining({ kind: "artifacts", exitCode: 3, message }),
    );
  });
});

describe("whether a manifest can be compared with", () => {
  it.each<[theirs: string, warnings: number]>([
    ["1.11.16", 0],
    ["1.11.2", 0],
    ["1.10.16", 1],
    ["1.1.16", 1],
    ["", 0],
  ])("one of dbt %j in a run of 1.11.16 gives %i warnings", (dbtVersion, warnings) => {
    const told = assertComparable(aManifest([], { dbtVersion }), aManifest(), WHERE);

    expect(told).toHaveLength(warnings);
    for (const warning of told) expect(warning).toContain(`dbt ${dbtVersion}, this run has 1.11.16`);
  });

  it("one of another major version is an artifacts error", () => {
    expect(() => assertComparable(aManifest([], { dbtVersion: "2.0.1" }), aManifest(), WHERE)).toThrow(
      expect.objectContaining({ kind: "artifacts", message: `${WHERE} is of dbt version "2", not of "1"` }),
    );
  });
});

describe("whether a manifest is of another kind of dbt", () => {
  it.each([
    ["2.0.0-preview.196", 12, "was made with dbt 2.0.0-preview.196, and this is dbt 1.11.16"],
    ["1.7.3", 11, "was made with dbt 1.7.3, and this is dbt 1.11.16"],
    ["1.8.0", 12, null],
    ["", 12, null],
  ])("dbt %j, schema %i", (dbtVersion, schema, why) => {
    expect(whyOfOtherEngine(aManifest([], { dbtVersion, schema }), aManifest())).toBe(why);
  });
});

const QUOTED = { database: true, schema: true, identifier: true };
const UNQUOTED = { database: false, schema: false, identifier: false };
const PARTS = ["database", "schema", "alias", "identifier"] as const;
/** What ends a name in quotes, on some warehouse. */
const BAD = ['"', "'", "`", "[", "]", ";", "\\", "\n", "\u0000", "\u001b", "\u007f", "\u0085", "\u2028", "\ud800"];

describe("a deferral manifest", () => {
  const orders = { resource_type: "model", database: "dev", schema: "main", alias: "orders" };
  const asRejected = expect.objectContaining({
    kind: "artifacts",
    exitCode: 3,
    message: expect.stringContaining(
      `the manifest of ${WHERE} names a relation that could be more than a name: model.shop.orders has the `,
    ),
    hint: expect.stringContaining("find out who wrote it"),
  });
  const judge =
    (entry: Record<string, unknown>, quoting = QUOTED, collection = "nodes") =>
    () =>
      assertHarmlessRelations(
        manifestJson({ [collection]: { "model.shop.customers": orders, "model.shop.orders": entry } }),
        WHERE,
        quoting,
      );

  it.each(PARTS.flatMap((part) => BAD.map((bad) => [part, bad] as const)))(
    "whose %s holds %j is refused, in quotes and without them",
    (part, bad) => {
      expect(judge({ ...orders, [part]: `a${bad}b` })).toThrow(asRejected);
      expect(judge({ ...orders, [part]: `a${bad}b` }, UNQUOTED)).toThrow(asRejected);
    },
  );

  it.each<[what: string, name: string]>([
    ["a query behind the name", "orders union all select 1 as id -- "],
    ["a blank", "my orders"],
    ["a tab", "my\torders"],
    ["a blank that is none of ASCII's", "my\u00a0orders"],
    ["a comment to the end of the line", "orders--"],
    ["a comment", "orders/*"],
    ["the end of a comment", "*/orders"],
    ["BigQuery's and MySQL's comment", "orders#"],
    ["a call", "read_csv(x)"],
    ["a list", "orders,customers"],
    ["a wildcard", "events_*"],
    ["a stage of Snowflake", "@stage"],
    ["a stage of Snowflake behind a point", "main.@stage"],
    ["the beginning of a dollar quote", "$$"],
    ["the beginning of a dollar quote behind a word", "orders-$$"],
    ["a cast", "orders::text"],
    ["an operator at its end", "orders-"],
    ["a path", "data/orders"],
    ["an equals sign", "a=b"],
    ["a placeholder of dbt's", "{{ x }}"],
  ])("that names %s is refused where dbt does not quote", (_, name) => {
    for (const part of PARTS) expect(judge({ ...orders, [part]: name }, UNQUOTED)).toThrow(asRejected);
  });

  it.each<[what: string, name: string]>([
    ["a blank, in quotes", "my orders"],
    ["words of SQL, in quotes", "orders union all select 1 as id -- "],
    ["a wildcard, in quotes", "events_*"],
    ["brackets and signs, in quotes", "Umsatz (netto) / Ø #1"],
    ["nothing at all, in quotes", ""],
  ])("may name %s", (_, name) => {
    for (const part of PARTS) expect(judge({ ...orders, [part]: name })).not.toThrow();
  });

  it.each([
    "orders",
    "Bestellungen_ü",
    "注文データー",
    "e\u0301tat",
    "_2024",
    "2024_orders",
    "orders$1",
    "acme-prod-123",
    "acme.com:prod",
    "orders.v2",
    "orders@link",
    "",
  ])("may name %j without quotes", (name) => {
    for (const part of PARTS) expect(judge({ ...orders, [part]: name }, UNQUOTED)).not.toThrow();
  });

  it.each<[key: (typeof PARTS)[number], part: keyof typeof QUOTED]>([
    ["database", "database"],
    ["schema", "schema"],
    ["alias", "identifier"],
    ["identifier", "identifier"],
  ])("is judged in its %s by how dbt quotes the %s alone", (key, part) => {
    const entry = { ...orders, [key]: "my orders" };

    expect(judge(entry, { ...UNQUOTED, [part]: true })).not.toThrow();
    expect(judge(entry, { ...QUOTED, [part]: false })).toThrow(asRejected);
  });

  it.each<[what: string, metadata: Record<string, unknown>, isRefused: boolean]>([
    ["that tells that it is in quotes", { quoting: { ...QUOTED, column: null } }, false],
    ["that tells that it is not", { quoting: { ...QUOTED, schema: false } }, true],
    ["that tells nothing of it", { quoting: { ...QUOTED, schema: null } }, true],
    ["of a dbt before 1.10, which tells nothing at all", {}, true],
    ["that tells nonsense", { quoting: { ...QUOTED, schema: "yes" } }, true],
    ["that tells a list", { quoting: [true, true, true] }, true],
  ])("with a blank in a schema is judged by a current manifest %s", (_, metadata, isRefused) => {
    const schema = "https://schemas.getdbt.com/dbt/manifest/v12.json";
    const text = manifestJson({ metadata: { dbt_schema_version: schema, ...metadata } });
    const judging = expect(judge({ ...orders, schema: "my shop" }, readManifest(text, "manifest.json").quoting));

    if (isRefused) judging.toThrow(asRejected);
    else judging.not.toThrow();
  });

  it("says what to do where a name would be right in quotes", () => {
    const asAdvised = (advice: unknown) => expect.objectContaining({ hint: advice });
    const advice = expect.stringContaining("`quoting: { schema: true }` in dbt_project.yml");

    expect(judge({ ...orders, schema: "my shop" }, UNQUOTED)).toThrow(asAdvised(advice));
    expect(judge({ ...orders, schema: 'x" --' }, UNQUOTED)).not.toThrow(asAdvised(advice));
  });

  it.each([[["orders"]], [{ a: 1 }], [7], [true]])("whose alias is %j, no text, is refused", (alias) => {
    expect(judge({ ...orders, alias })).toThrow(asRejected);
  });

  it.each([
    ["beside a harmless identifier", { alias: 'x" union select 1 --', identifier: "orders" }],
    ["where the schema is empty", { schema: "", alias: 'x" union select 1 --' }],
    ["of a node that is disabled, which dbt reads all the same", { alias: 'x" --', config: { enabled: false } }],
    ["of an entry that calls itself another", { alias: 'x" --', unique_id: "model.shop.customers" }],
    ["of an entry that asks for quotes itself", { alias: 'x" --', quoting: QUOTED, config: { quoting: QUOTED } }],
  ])("is judged by the alias %s", (_, overrides) => {
    expect(judge({ ...orders, ...overrides })).toThrow(asRejected);
    expect(judge({ ...orders, ...overrides }, QUOTED, "functions")).toThrow(asRejected);
  });

  it("is judged by the name of a function, which is what dbt calls, and as without quotes", () => {
    const called = { ...orders, resource_type: "function" };

    expect(judge({ ...called, name: "orders" }, QUOTED, "functions")).not.toThrow();
    expect(judge({ ...called, name: "orders() union all select 1 -- " }, QUOTED, "functions")).toThrow(asRejected);
    expect(judge({ ...called, name: "orders", schema: "my shop" }, QUOTED, "functions")).toThrow(asRejected);
  });

  it.each([
    ["a schema with a dash, blank and dollar", { database: null, schema: "dbt-prod $1", alias: "Bestellungen_ü.v2" }],
    ["a test with a quote in its name", { resource_type: "test", alias: "customer's id is set" }],
    ["a model of any name, which dbt does not render", { name: "it's --" }],
    ["nothing at all", { database: undefined, schema: undefined, alias: undefined }],
  ])("may hold %s", (_, overrides) => {
    expect(judge({ ...orders, ...overrides })).not.toThrow();
  });

  it("is refused wherever in a name the character stands", () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...BAD), fc.string(), (before, bad, after) => {
        expect(judge({ ...orders, alias: before + bad + after })).toThrow(asRejected);
      }),
    );
  });

  it("lets no name pass without quotes that would not pass in them", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ab0_$-.:@#/* \"';\\é") }), (alias) => {
        const passes = (quoting: typeof QUOTED) => {
          try {
            judge({ ...orders, alias }, quoting)();
            return true;
          } catch {
            return false;
          }
        };

        expect(passes(UNQUOTED) && !passes(QUOTED)).toBe(false);
        if (passes(UNQUOTED)) expect(alias).not.toMatch(/--|\/\*|\s|#|^[^a-z0-9_é]/);
      }),
    );
  });
});
