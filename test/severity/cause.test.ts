import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Node } from "../../src/artifacts/manifest.ts";
import { findCauses } from "../../src/severity/cause.ts";
import { aManifest, aNode, aResult, aTest, aUnitTest } from "../artifacts/build.ts";

const id = (name: string) => `model.shop.${name}`;

/** Causes in a project of these nodes, where each id has this status. */
function causesOf(nodes: readonly Node[], statuses: Readonly<Record<string, string>>) {
  const rows = Object.entries(statuses).map(([key, status]) => aResult(key, status));
  return Object.fromEntries(findCauses(rows, aManifest(nodes)).of);
}

describe("findCauses", () => {
  it("finds the nearest ancestor that failed, not a farther one", () => {
    const nodes = [
      aNode("far"),
      aNode("near", { parents: [id("other")] }),
      aNode("other"),
      aNode("between", { parents: [id("far")] }),
      aNode("child", { parents: [id("between"), id("near")] }),
    ];

    const causes = causesOf(nodes, {
      [id("far")]: "error",
      [id("near")]: "error",
      [id("between")]: "skipped",
      [id("child")]: "skipped",
    });

    expect(causes).toEqual({ [id("between")]: id("far"), [id("child")]: id("near") });
  });

  it("finds a failed test of an ancestor, and gives it all that was skipped", () => {
    const nodes = [
      aNode("a"),
      aTest("not_null_a", [id("a")]),
      aNode("b", { parents: [id("a")] }),
      aTest("not_null_b", [id("b")]),
      aNode("c", { parents: [id("b")] }),
    ];

    const causes = causesOf(nodes, {
      [id("a")]: "success",
      "test.shop.not_null_a": "fail",
      [id("b")]: "skipped",
      "test.shop.not_null_b": "skipped",
      [id("c")]: "skipped",
    });

    expect(causes).toEqual({
      [id("b")]: "test.shop.not_null_a",
      "test.shop.not_null_b": "test.shop.not_null_a",
      [id("c")]: "test.shop.not_null_a",
    });
  });

  it("looks through ephemeral models, which have no row", () => {
    const nodes = [
      aNode("a"),
      aTest("not_null_a", [id("a")]),
      aNode("eph", { parents: [id("a")], materialized: "ephemeral" }),
      aNode("c", { parents: [id("eph")] }),
    ];

    expect(causesOf(nodes, { [id("a")]: "success", "test.shop.not_null_a": "fail", [id("c")]: "skipped" })).toEqual({
      [id("c")]: "test.shop.not_null_a",
    });
  });

  it("blames a failed unit test for its own model and what follows, and no data test for its own model", () => {
    const nodes = [
      aNode("u"),
      aUnitTest("ut", id("u")),
      aNode("child", { parents: [id("u")] }),
      aNode("d"),
      aTest("not_null_d", [id("d")]),
    ];

    const causes = causesOf(nodes, {
      "unit_test.shop.ut": "fail",
      [id("u")]: "skipped",
      [id("child")]: "skipped",
      [id("d")]: "skipped",
      "test.shop.not_null_d": "fail",
    });

    expect(causes).toEqual({ [id("u")]: "unit_test.shop.ut", [id("child")]: "unit_test.shop.ut" });
  });

  it("blames a test only for nodes that come after everything that the test reads", () => {
    const nodes = [
      aNode("a"),
      aNode("b"),
      aTest("relationships", [id("a"), id("b")]),
      aNode("z"),
      aNode("y", { parents: [id("z")] }),
      aNode("only_a", { parents: [id("a"), id("y")] }),
      aNode("both", { parents: [id("a"), id("b")] }),
    ];

    const causes = causesOf(nodes, {
      "test.shop.relationships": "fail",
      [id("z")]: "error",
      [id("y")]: "skipped",
      [id("only_a")]: "skipped",
      [id("both")]: "skipped",
    });

    expect(causes).toMatchObject({ [id("only_a")]: id("z"), [id("both")]: "test.shop.relationships" });
  });

  it("blames no test for another test of the same node", () => {
    const nodes = [aNode("a"), aTest("t", [id("a")]), aTest("sibling", [id("a")]), aNode("b", { parents: [id("a")] })];
    const both = aTest("relationships", [id("a"), id("b")]);

    const causes = causesOf([...nodes, both], {
      "test.shop.t": "fail",
      "test.shop.sibling": "skipped",
      [id("b")]: "skipped",
      "test.shop.relationships": "skipped",
    });

    expect(causes).toEqual({ [id("b")]: "test.shop.t", "test.shop.relationships": "test.shop.t" });
  });

  it("gives a node below a diamond one cause, the first by id among equally near ones", () => {
    const nodes = [
      aNode("top"),
      aNode("left", { parents: [id("top")] }),
      aNode("right", { parents: [id("top")] }),
      aNode("bottom", { parents: [id("right"), id("left")] }),
    ];

    expect(causesOf(nodes, { [id("left")]: "error", [id("right")]: "error", [id("bottom")]: "skipped" })).toEqual({
      [id("bottom")]: id("left"),
    });
    expect(
      causesOf(nodes, {
        [id("top")]: "error",
        [id("left")]: "skipped",
        [id("right")]: "skipped",
        [id("bottom")]: "skipped",
      }),
    ).toEqual({
      [id("left")]: id("top"),
      [id("right")]: id("top"),
      [id("bottom")]: id("top"),
    });
  });

  it("takes the only trace of an ephemeral model that does not compile for a failure", () => {
    const message =
      "Compilation Error in model.shop.c, caused by compilation error in referenced ephemeral model model.shop.eph";
    const nodes = [
      aNode("eph", { materialized: "ephemeral" }),
      aNode("c", { parents: [id("eph")] }),
      aNode("d", { parents: [id("c")] }),
    ];

    const causes = findCauses(
      [aResult(id("c"), "skipped", { message }), aResult(id("d"), "skipped")],
      aManifest(nodes),
    );

    expect([...causes.failed]).toEqual([id("c")]);
    expect(Object.fromEntries(causes.of)).toEqual({ [id("d")]: id("c") });
  });

  it("takes the same message for nothing where the ephemeral model was skipped itself", () => {
    const message =
      "Compilation Error in model.shop.c, caused by compilation error in referenced ephemeral model model.shop.eph";
    const nodes = [
      aNode("a"),
      aNode("eph", { materialized: "ephemeral", parents: [id("a")] }),
      aNode("c", { parents: [id("eph")] }),
    ];

    const causes = findCauses([aResult(id("a"), "error"), aResult(id("c"), "skipped", { message })], aManifest(nodes));

    expect([...causes.failed]).toEqual([id("a")]);
    expect(Object.fromEntries(causes.of)).toEqual({ [id("c")]: id("a") });
  });

  it("blames a failed on-run-start hook for what has no other cause", () => {
    const hook = "operation.shop.shop-on-run-start-0";

    expect(causesOf([aNode("a")], { [hook]: "error", [id("a")]: "skipped" })).toEqual({ [id("a")]: hook });
  });

  it("finds no cause without a failure, without a manifest, and for ids that the manifest does not know", () => {
    const nodes = [aNode("a"), aNode("b", { parents: [id("a")] })];

    expect(causesOf(nodes, { [id("a")]: "success", [id("b")]: "skipped" })).toEqual({});
    expect(causesOf(nodes, { [id("a")]: "error", "model.other.x": "skipped" })).toEqual({});
    expect(findCauses([aResult(id("a"), "error"), aResult(id("b"), "skipped")], null).of.size).toBe(0);
  });

  it("ends in any graph, cycles too, and blames only nodes that failed", () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    const graph = fc.tuple(
      ...names.map(() => fc.tuple(fc.subarray(names), fc.constantFrom("success", "error", "skipped", "fail", "odd"))),
    );

    fc.assert(
      fc.property(graph, (drawn) => {
        const nodes = drawn.map(([parents], index) => aNode(names[index] ?? "", { parents: parents.map(id) }));
        const rows = drawn.map(([, status], index) => aResult(id(names[index] ?? ""), status));

        const { of, failed } = findCauses(rows, aManifest(nodes));

        for (const [skipped, cause] of of) {
          expect(failed.has(cause)).toBe(true);
          expect(failed.has(skipped)).toBe(false);
        }
      }),
    );
  });
});
