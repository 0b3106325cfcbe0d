import { describe, expect, it } from "vitest";
import { describePassedOver } from "../../src/render/plan-words.ts";
import { blindSpots, describeUpgrades } from "../../src/selection/blind-spots.ts";
import { changedButNot, explain } from "../../src/selection/explain.ts";
import type { PlannedNode, Reason } from "../../src/selection/plan.ts";
import { forked, macro, manifest, node, test } from "./build.ts";

const before = forked();

/** The forked project with other code in some of its models. */
function edited(...names: readonly string[]) {
  return manifest(
    [...before.nodes.values()].map((entry) =>
      names.includes(entry.name) ? { ...entry, raw: { ...entry.raw, raw_code: "new" } } : entry,
    ),
  );
}

describe("explain", () => {
  it("tells what changed, and what the others follow at the smallest distance", () => {
    const nodes = explain(["model.shop.d", "model.shop.a", "test.shop.t_bc", "model.shop.b"], edited("a", "c"), before);

    expect(nodes.map(({ id, reasons }) => [id, ...reasons])).toEqual([
      ["model.shop.a", { kind: "body" }],
      ["model.shop.b", { kind: "downstream", of: "model.shop.a" }],
      ["model.shop.d", { kind: "downstream", of: "model.shop.c" }],
      ["test.shop.t_bc", { kind: "downstream", of: "model.shop.c" }],
    ]);
  });

  it("has no reasons for a node that follows no change, and keeps an id it does not know", () => {
    const nodes = explain(["model.shop.a", "model.shop.gone"], edited("c"), before);

    expect(nodes).toEqual([
      { id: "model.shop.a", type: "model", path: "models/a.sql", reasons: [] },
      { id: "model.shop.gone", type: "model", path: "", reasons: [] },
    ]);
  });

  it("names five of many that a node follows", () => {
    const parents = Array.from({ length: 9 }, (_, index) => node(`p${index}`));
    const child = node("child", {}, { parents: parents.map(({ id }) => id) });

    const [explained] = explain([child.id], manifest([...parents, child]), manifest([child]));

    expect(explained?.reasons).toHaveLength(5);
  });
});

describe("blind spots", () => {
  const warnings = (now: Parameters<typeof manifest>, old: Parameters<typeof manifest>) =>
    blindSpots(manifest(...now), manifest(...old)).join("\n");
  const user = node("a", {}, { macros: ["macro.shop.used"] });

  it("are none where nothing changed", () => {
    expect(blindSpots(before, before)).toEqual([]);
  });

  it.each<[string, Parameters<typeof manifest>, Parameters<typeof manifest>, string]>([
    ["a deleted model", [[]], [[node("a")]], "a: deleted, renamed or disabled"],
    [
      "six deleted models",
      [[]],
      [["a", "b", "c", "d", "e", "f"].map((name) => node(name))],
      "a, b, c, d, e, +1 more: deleted",
    ],
    ["a deleted test", [[node("a")]], [[node("a"), test("t", ["model.shop.a"])]], "t: tests that are gone"],
    [
      "a large seed",
      [[node("s", { checksum: { name: "path" } }, { type: "seed" })]],
      [[node("s", { checksum: { name: "path" } }, { type: "seed" })]],
      "s: seeds above 1 MiB",
    ],
    [
      "generate_schema_name of its own",
      [[], [macro("default__generate_schema_name")]],
      [[]],
      "where every node is built",
    ],
    [
      "a macro that no node reaches",
      [[user], [macro("used"), macro("hidden", { sql: "new" })]],
      [[user], [macro("used"), macro("hidden")]],
      "hidden: changed macros that no node is known to use",
    ],
    [
      "a metric's formula",
      [[node("m", { filter: "a" }, { type: "metric" })]],
      [[node("m", { filter: "b" }, { type: "metric" })]],
      "m: metrics with another formula",
    ],
  ])("name %s", (_, now, old, words) => {
    expect(warnings(now, old)).toContain(words);
  });

  it("do not name the macro that signalbox init writes, new, changed or gone", () => {
    const own = (sql: string) => macro("signalbox_clean", { sql });

    expect(warnings([[user], [own("new")]], [[user], [own("old")]])).toBe("");
    expect(warnings([[user], [own("new")]], [[user], []])).toBe("");
    expect(warnings([[user], []], [[user], [own("old")]])).toBe("");
  });

  it("do not name a changed macro that a node uses", () => {
    expect(warnings([[user], [macro("used", { sql: "new" })]], [[user], [macro("used")]])).toBe("");
  });
});

describe("upgrades", () => {
  const planned = (id: string, ...reasons: readonly Reason[]): PlannedNode => ({
    id,
    type: "model",
    path: "",
    reasons,
  });
  const by = (name: string): Reason => ({ kind: "macro", macro: name, path: "macros/x.sql" });

  it("are told by package, where macros of that package alone changed a node", () => {
    const lines = describeUpgrades([
      planned("a", by("dbt.test_unique")),
      planned("b", by("dbt.test_unique")),
      planned("c", by("dbt_utils.star"), by("dbt_utils.pivot")),
      planned("d", by("to_eur")),
      planned("e", by("dbt.test_unique"), { kind: "body" }),
      planned("f", { kind: "downstream", of: "a" }),
      planned("g"),
    ]);

    expect(lines).toEqual([
      "dbt or package upgrade: 2 nodes changed only by macro test_unique of package dbt",
      "dbt or package upgrade: 1 node changed only by macros pivot, star of package dbt_utils",
    ]);
  });
});

describe("what dbt passes over", () => {
  const isCandidate = ({ type }: { readonly type: string }) => type === "model";

  it("is what looks changed and was not selected, among what could be", () => {
    const missed = changedButNot(["model.shop.a"], edited("a", "c", "t_bc"), before, { isCandidate });

    expect(missed).toMatchObject([{ id: "model.shop.c", reasons: [{ kind: "body" }] }]);
    expect(describePassedOver(missed, "2.0.0")).toEqual([
      "dbt 2.0.0 does not call modified what looks changed, and it is not built: c (body changed)",
    ]);
  });

  it("is nothing where all was selected", () => {
    expect(describePassedOver(changedButNot(["model.shop.a"], edited("a"), before, { isCandidate }), "2.0.0")).toEqual(
      [],
    );
  });
});
