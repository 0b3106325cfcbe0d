import { describe, expect, it } from "vitest";
import { builtNodes } from "../../src/selection/built.ts";
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
    ["2.0.0", ["exposure.shop.board", "function.shop.fn"]],
  ])("in dbt %s: models with code, seeds, tests, and %j", (dbtVersion, more) => {
    const built = builtNodes(manifest(nodes, [], { dbtVersion })).map(({ id }) => id);

    expect(built.sort()).toEqual([...always, ...more].sort());
  });
});
