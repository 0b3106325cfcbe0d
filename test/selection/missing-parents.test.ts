import { describe, expect, it } from "vitest";
import { missingParents, unbuiltNodes } from "../../src/selection/missing-parents.ts";
import { aResult } from "../artifacts/build.ts";
import { manifest, node, test } from "./build.ts";

const idOf = (name: string) => `model.shop.${name}`;
const RELATION = { database: "db", schema: "s", identifier: "x" };

describe("parents that production lacks", () => {
  const nodes = [
    node("a", {}, { relation: RELATION }),
    node("through", {}, { materialized: "ephemeral", parents: [idOf("a")] }),
    node("fn", {}, { id: "function.shop.fn", type: "function" }),
    node("raw", {}, { id: "source.shop.raw", type: "source" }),
    node("b", {}, { parents: [idOf("through"), "function.shop.fn", "source.shop.raw", "model.shop.gone"] }),
  ];
  const current = manifest(nodes);

  it("are those outside the plan, through ephemeral models, functions too, sources not", () => {
    expect(missingParents([idOf("b")], current, null)).toEqual(["function.shop.fn", idOf("a")]);
  });

  it("are not those that production has, or that are planned themselves", () => {
    const deployed = manifest([node("a", {}, { relation: RELATION })]);

    expect(missingParents([idOf("b")], current, deployed)).toEqual(["function.shop.fn"]);
    expect(missingParents([idOf("b"), "function.shop.fn"], current, deployed)).toEqual([]);
  });
});

describe("nodes that a build left out", () => {
  const nodes = [
    node("a"),
    node("through", {}, { materialized: "ephemeral" }),
    node("blank", { raw_code: " \n" }),
    node("countries", { raw_code: "" }, { id: "seed.shop.countries", type: "seed" }),
    node("raw", {}, { id: "source.shop.raw", type: "source" }),
    test("not_null", [idOf("a")]),
  ];
  const current = manifest(nodes);
  const all = [...current.nodes.keys()];

  it("are those that leave something in the warehouse and have no row", () => {
    expect(unbuiltNodes(all, current, [])).toEqual([idOf("a"), "seed.shop.countries"]);
    expect(unbuiltNodes(all, current, [aResult(idOf("a")), aResult("seed.shop.countries")])).toEqual([]);
  });

  it.each(["error", "skipped", "partial success", "a word of tomorrow"])(
    "are also those that ended with: %s",
    (status) => {
      const results = [aResult(idOf("a"), status), aResult("seed.shop.countries")];

      expect(unbuiltNodes(all, current, results)).toEqual([idOf("a")]);
    },
  );

  it("are only those that were to be built", () => {
    expect(unbuiltNodes(["seed.shop.countries", "model.shop.gone"], current, [])).toEqual(["seed.shop.countries"]);
  });
});
