import { describe, expect, it } from "vitest";
import { builtNodes, compareWithPlan } from "../../src/selection/buildable-nodes.ts";
import { manifest, node, test } from "./build.ts";

describe("what dbt build has a row for", () => {
  const nodes = [
    node("a"),
    node("blank", { raw_code: " \n" }),
    node("countries", { raw_code: "" }, { id: "seed.shop.countries", type: "seed" }),
    node("raw", {}, { id: "source.shop.raw", type: "source" }),
    node("board", {}, { id: "exposure.shop.board", type: "exposure" }),
    node("fn", {}, { id: "function.shop.fn", type: "function" }),
    node("revenue", {}, { id: "metric.shop.revenue", type: "metric" }),
    test("not_null", ["model.shop.a"]),
  ];
  const always = ["model.shop.a", "seed.shop.countries", "test.shop.not_null"];

  it.each([
    ["1.8.9", []],
    ["1.9.10", []],
    ["1.10.15", ["exposure.shop.board"]],
    ["1.11.16", ["exposure.shop.board", "function.shop.fn"]],
    ["1.12.3", ["exposure.shop.board", "function.shop.fn"]],
    ["1.99.0", ["exposure.shop.board", "function.shop.fn"]],
    ["2.0.0", ["function.shop.fn"]],
    ["2.1.0-preview.3", ["function.shop.fn"]],
  ])("in dbt %s: models with code, seeds, tests, and %j", (dbtVersion, more) => {
    const built = builtNodes(manifest(nodes, [], { dbtVersion })).map(({ id }) => id);

    expect(built.sort()).toEqual([...always, ...more].sort());
  });
});

describe("what dbt ran beside its plan", () => {
  const known = manifest([node("a"), { ...node("e"), materialized: "ephemeral" }]);
  const compare = (ids: readonly string[], rows: readonly string[], isFailFast = false) =>
    compareWithPlan(
      ids,
      rows.map((id) => ({ id })),
      { manifest: known, isFailFast },
    );
  const same = { onlyPlanned: [], onlyRan: [] };

  it("is nothing where a row of a hook stands beside the planned nodes, and none of an ephemeral model", () => {
    const rows = ["operation.shop.shop-on-run-start-0", "model.shop.a", "operation.shop.shop-on-run-end-0"];

    expect(compare(["model.shop.a", "model.shop.e"], rows)).toEqual(same);
  });

  it("is nothing where dbt 2 skipped an ephemeral model, which it does unasked", () => {
    expect(compare(["model.shop.a"], ["model.shop.a", "model.shop.e"])).toEqual(same);
  });

  it("is what has a row and was not planned, or was planned and has none", () => {
    expect(compare(["model.shop.a"], ["model.shop.b"])).toEqual({
      onlyPlanned: ["model.shop.a"],
      onlyRan: ["model.shop.b"],
    });
  });

  it("may lack unit tests where dbt stopped at the first failure", () => {
    expect(compare(["unit_test.shop.a.x"], [], true)).toEqual(same);
    expect(compare(["unit_test.shop.a.x"], []).onlyPlanned).toEqual(["unit_test.shop.a.x"]);
  });
});
