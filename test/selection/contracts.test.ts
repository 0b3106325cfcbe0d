import { describe, expect, it } from "vitest";
import { brokenContracts, comparesContracts, isAboutContracts } from "../../src/selection/contracts.ts";
import { manifest, node } from "./build.ts";

type Raw = Readonly<Record<string, unknown>>;
const NOW = Date.parse("2026-11-28T12:00:00Z");
const ID = "model.shop.account.v1";

const ENFORCED = { enforced: true, checksum: "a" };
const column = (name: string, raw: Raw = {}) => ({ name, data_type: "integer", constraints: [], ...raw });
const columns = (...list: readonly Raw[]) => Object.fromEntries(list.map((each) => [String(each.name), each]));

/** A contracted table in version 1 with the columns id and name. */
function account(raw: Raw = {}) {
  return node(
    "account",
    {
      version: 1,
      contract: ENFORCED,
      config: { materialized: "table" },
      columns: columns(column("id"), column("name", { data_type: "varchar(5)" })),
      constraints: [],
      ...raw,
    },
    { id: ID },
  );
}
const changed = (raw: Raw) => account({ contract: { enforced: true, checksum: "b" }, ...raw });
const broken = (now: readonly Raw[], before: readonly Raw[], overrides: object = {}) =>
  brokenContracts(manifest(now.map(account), [], overrides), manifest(before.map(account)), NOW);

describe("a contract that is changed", () => {
  const NOT_NULL = { type: "not_null" };
  it.each<[string, Raw, Raw, RegExp | null]>([
    ["nothing", {}, {}, null],
    [
      "another checksum alone: a column added",
      { columns: columns(column("id"), column("name", { data_type: "varchar" }), column("more")) },
      {},
      null,
    ],
    ["no longer enforced", { contract: { enforced: false } }, {}, /no longer enforced/],
    ["newly enforced", {}, { contract: { enforced: false } }, null],
    ["a column removed", { columns: columns(column("id")) }, {}, /columns were removed: name/],
    [
      "another type",
      { columns: columns(column("id", { data_type: "text" }), column("name", { data_type: "varchar" })) },
      {},
      /id \(integer → text\)/,
    ],
    [
      "another size of a type",
      { columns: columns(column("id"), column("name", { data_type: "VARCHAR (9)" })) },
      {},
      null,
    ],
    [
      "an enforced constraint of a column removed",
      {},
      { columns: columns(column("id", { constraints: [NOT_NULL] }), column("name", { data_type: "varchar" })) },
      /not_null on column id/,
    ],
    [
      "a constraint said in full",
      {
        columns: columns(
          column("id", { constraints: [{ ...NOT_NULL, name: null, warn_unenforced: true }] }),
          column("name", { data_type: "varchar" }),
        ),
      },
      { columns: columns(column("id", { constraints: [NOT_NULL] }), column("name", { data_type: "varchar" })) },
      null,
    ],
    [
      "an enforced constraint of the model removed",
      {},
      { constraints: [{ type: "primary_key", name: "pk", columns: ["id"] }] },
      /pk on the model/,
    ],
    [
      "a table with constraints becomes a view",
      { config: { materialized: "view" }, constraints: [NOT_NULL] },
      { constraints: [NOT_NULL] },
      /table → view/,
    ],
    ["a table without constraints becomes a view", { config: { materialized: "view" } }, {}, null],
    ["constraints of a view", {}, { config: { materialized: "view" }, constraints: [NOT_NULL] }, null],
  ])("%s", (name, now, before, change) => {
    const isSameChecksum = name === "nothing";
    const found = brokenContracts(
      manifest([isSameChecksum ? account(now) : changed(now)]),
      manifest([account(before)]),
      NOW,
    );

    if (change === null) expect(found).toEqual([]);
    else {
      expect(found).toMatchObject([{ id: ID, isVersioned: true, isCertain: true }]);
      expect(found[0]?.changes.join()).toMatch(change);
    }
  });

  it("names five columns, and how many more", () => {
    const many = columns(...Array.from({ length: 8 }, (_, index) => column(`c${index}`)));

    const [found] = brokenContracts(manifest([changed({ columns: {} })]), manifest([account({ columns: many })]), NOW);

    expect(found?.changes).toEqual(["columns were removed: c0, c1, c2, c3, c4, +3 more"]);
  });

  it("counts the size of a type before dbt 1.11", () => {
    const now = changed({ columns: columns(column("id"), column("name", { data_type: "varchar(9)" })) });

    const of = (dbtVersion: string) => brokenContracts(manifest([now], [], { dbtVersion }), manifest([account()]), NOW);

    expect(of("1.10.20")).toHaveLength(1);
    expect(of("1.11.0")).toEqual([]);
  });

  it.each([
    ["snowflake", "unique", "fine"],
    ["snowflake", "not_null", "broken"],
    ["databricks", "unique", "unknown"],
    ["duckdb", "custom", "unknown"],
  ])("on %s a removed %s constraint is %s", (adapter, type, expected) => {
    const found = brokenContracts(
      manifest([changed({})], [], { adapter }),
      manifest([account({ constraints: [{ type }] })]),
      NOW,
    );

    expect(found.map(({ isCertain }) => (isCertain ? "broken" : "unknown"))).toEqual(
      expected === "fine" ? [] : [expected],
    );
  });
});

describe("a contracted model that is gone", () => {
  it("breaks its contract", () => {
    expect(broken([], [{}])).toEqual([
      { id: ID, changes: [`Contracted model '${ID}' was deleted or renamed.`], isVersioned: true, isCertain: true },
    ]);
  });

  it.each<[string, Raw]>([
    ["without a contract", { contract: { enforced: false } }],
    ["past its deprecation date", { deprecation_date: "2026-11-28T11:59:59+00:00" }],
  ])("breaks nothing %s", (_, before) => {
    expect(broken([], [before])).toEqual([]);
  });

  it("still breaks it before its deprecation date", () => {
    expect(broken([], [{ deprecation_date: "2026-11-28T12:00:01+00:00" }])).toHaveLength(1);
  });

  it("only warns without a version", () => {
    expect(broken([], [{ version: null }])).toMatchObject([{ isVersioned: false }]);
  });

  it("is said to be disabled where it is, and judged by what it is now", () => {
    const of = (raw: Raw) =>
      broken([], [{}], { disabled: new Map([[ID, account({ config: { enabled: false }, ...raw })]]) });

    expect(of({})[0]?.changes).toEqual([`Contracted model '${ID}' was disabled.`]);
    expect(of({ contract: { enforced: false } })).toEqual([]);
  });

  it("is looked for from dbt 1.9 on, and not in versions that nobody knows here", () => {
    expect(["1.8.9", "1.9.0", "2.0.0"].map((dbtVersion) => broken([], [{}], { dbtVersion }).length)).toEqual([0, 1, 0]);
  });
});

describe("dbt compares contracts", () => {
  it.each([
    ["state:modified+", "", true],
    ["tag:x,1+state:modified.contract", "", true],
    ["tag:x", "state:unmodified", true],
    ["state:new state:modified.body", "", false],
    ["tag:x", "", false],
  ])("for --select %s --exclude %s: %s", (select, exclude, expected) => {
    expect(comparesContracts([select], exclude === "" ? [] : [exclude])).toBe(expected);
  });

  it.each([
    ["Breaking change to contract Error in model acc (models/acc_v2.sql)\n  While comparing", true],
    ["Breaking change to contracted, unversioned model m (models/m.sql)", true],
    ["Compilation Error in model breaking_change", false],
  ])("and %s is about them: %s", (words, expected) => {
    expect(isAboutContracts(words)).toBe(expected);
  });
});
