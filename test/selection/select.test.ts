import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readManifest } from "../../src/artifacts/manifest.ts";
import { type IndirectSelection, select } from "../../src/selection/select.ts";
import { SignalboxError } from "../../src/support/errors.ts";
import { aResult } from "../artifacts/build.ts";
import { forked, idsOf, MODES, manifest, node, options, selected } from "./build.ts";

const short = (ids: readonly string[]) => ids.map((id) => id.replace(/^(model|test)\.shop\.|shop\./, "")).join(" ");

describe("operators", () => {
  it.each([
    ["a", "a t_a t_as"],
    ["a+", "a b d t_a t_as t_bc"],
    ["a+1", "a b t_a t_as t_bc"],
    ["+d", "a b c d source.raw.a source.raw.b t_a t_as t_bc"],
    ["1+d", "b c d t_bc"],
    ["0+d+0", "d"],
    ["@a", "a b c d source.raw.a source.raw.b t_a t_as t_bc"],
    ["a c", "a c t_a t_as t_bc"],
    ["a+,+b", "a b t_a t_as t_bc"],
    ["a+,resource_type:test", "t_a t_as t_bc"],
    ["a,", ""],
  ])("%s selects %s", (text, expected) => {
    expect(short(selected(forked(), text))).toBe(expected);
  });

  it("selects everything where nothing is named, and nothing for an empty text", () => {
    const all = idsOf(select(forked(), null, options("", { select: [] })));

    expect(all).toHaveLength(forked().nodes.size);
    expect(selected(forked(), "")).toEqual([]);
  });
});

describe("resource types", () => {
  it.each([
    ["a", { only: [], without: ["test"] }, "a"],
    ["a", { only: ["test"], without: [] }, "t_a t_as"],
    ["a+", { only: ["model", "test"], without: ["test"] }, "a b d"],
    ["a", { only: ["default"], without: [] }, "a t_a t_as"],
    ["t_a+", { only: ["model"], without: [] }, ""],
  ])("%s with %j are left out after everything else: %s", (text, resourceTypes, expected) => {
    expect(short(idsOf(select(forked(), null, options(text, { resourceTypes }))))).toBe(expected);
  });
});

describe("indirect selection", () => {
  it.each<[string, IndirectSelection, string]>([
    ["a", "eager", "a t_a t_as"],
    ["a", "cautious", "a t_a"],
    ["a", "buildable", "a t_a t_as"],
    ["a", "empty", "a"],
    ["a+1", "cautious", "a b t_a t_as"],
    ["d", "buildable", "d"],
    ["+d,b", "buildable", "b"],
    ["b", "buildable", "b"],
    ["b c", "cautious", "b c t_bc"],
    ["b c", "buildable", "b c t_bc"],
    ["+b +c", "cautious", "a b c source.raw.a source.raw.b t_a t_as t_bc"],
    ["a,a source:raw.b", "cautious", "a source.raw.b t_a t_as"],
  ])("%s, %s: %s", (text, indirectSelection, expected) => {
    expect(short(selected(forked(), text, { indirectSelection }))).toBe(expected);
  });

  it("does not bring a test back that an exclude took away", () => {
    const ids = selected(forked(), "b c", { exclude: ["t_bc"], indirectSelection: "cautious" });

    expect(short(ids)).toBe("b c");
  });

  it("excludes with a parent the tests that hang on it", () => {
    expect(short(selected(forked(), "b c", { exclude: ["b"] }))).toBe("c");
  });
});

describe("what build takes", () => {
  it("leaves out sources, and nodes without code, that ls shows", () => {
    const current = manifest([...forked().nodes.values(), node("blank", { raw_code: " \n" })]);

    expect(selected(current, "source:raw blank", { as: "ls" })).toContain("model.shop.blank");
    expect(short(selected(current, "source:raw+ blank", { as: "build" }))).toBe("a b c d t_a t_as t_bc");
  });

  it.each([
    ["1.9.0", ""],
    ["1.10.0", "exposure.shop.board"],
  ])("dbt %s builds of an exposure: '%s'", (dbtVersion, expected) => {
    const board = node("board", {}, { type: "exposure", id: "exposure.shop.board" });

    expect(selected(manifest([board], [], { dbtVersion }), "exposure:*", { as: "build" }).join()).toBe(expected);
  });
});

describe("what the engine leaves to dbt, and what it refuses", () => {
  it.each([
    ["a method it does not know", "colour:red", "colour"],
    ["selectors of selectors.yml", "selector:nightly", "selector"],
    ["a path above the project", "path:../models", "path"],
    ["result: without a run", "result:error", "run_results.json"],
  ])("asks dbt for %s", (_, text, why) => {
    const selection = select(forked(), null, options(text));

    expect(selection).toMatchObject({ kind: "unsupported", why: expect.stringContaining(why) });
  });

  it.each(["1.7.9", "2.0.0", "1.13.0", "2026.4.1", ""])("asks dbt for a manifest of dbt '%s'", (dbtVersion) => {
    expect(select(manifest([], [], { dbtVersion }), null, options("a")).kind).toBe("unsupported");
  });

  it("asks dbt for a baseline of another schema", () => {
    expect(select(forked(), manifest([], [], { schema: 11 }), options("state:new")).kind).toBe("unsupported");
  });

  it.each([
    ["state:modified+", "needs a baseline"],
    ["a resource_type:table+", "character 3"],
    ["a,@b+", "character 3"],
    ["state:changed", "expected one of new, old"],
    ["source:a.b.c.d", "at most 3 names"],
    ["a\nb", "on one line"],
  ])("refuses %j", (text, words) => {
    const refused = () => select(forked(), null, options(text));

    expect(refused).toThrow(SignalboxError);
    expect(refused).toThrow(words);
  });

  it("marks the place in what was written", () => {
    const hint = hintOf(() => select(forked(), null, options("stg tag:a,version:2 b")));

    expect(hint).toBe("stg tag:a,version:2 b\n          ^^^^^^^^^");
  });

  it("tells what matches nothing", () => {
    expect(select(forked(), null, options("a nothing nightly,a"))).toMatchObject({
      unmatched: ["nothing", "nightly,a"],
    });
  });
});

describe("results of the baseline's run", () => {
  it("are selected by their status", () => {
    const results = [aResult("model.shop.a", "error"), aResult("model.shop.b", "success")];

    expect(short(selected(forked(), "result:error", { results, indirectSelection: "empty" }))).toBe("a");
  });
});

describe("laws", () => {
  const names = fc.constantFrom("a", "b", "c", "d", "t_bc", "source:raw.a", "tag:nightly", "config.materialized:table");
  const criterion = fc
    .tuple(fc.constantFrom("", "+", "1+", "@"), names, fc.constantFrom("", "+", "+1"))
    .map(([before, name, behind]) => `${before}${name}${before === "@" ? "" : behind}`);
  const mode = fc.constantFrom(...MODES);
  const current = forked();
  const ids = (text: string, indirectSelection: IndirectSelection, exclude: string[] = []) =>
    selected(current, text, { indirectSelection, exclude });

  it("a union does not depend on order, nor on saying a thing twice", () => {
    fc.assert(
      fc.property(criterion, criterion, mode, (a, b, m) => {
        expect(ids(`${a} ${b}`, m)).toEqual(ids(`${b} ${a} ${b}`, m));
      }),
    );
  });

  it("an intersection is in both of its parts, a union holds both", () => {
    fc.assert(
      fc.property(criterion, criterion, (a, b) => {
        const [left, right] = [ids(a, "eager"), ids(b, "eager")];
        expect(ids(`${a},${b}`, "eager")).toEqual(left.filter((id) => right.includes(id)));
        expect(ids(`${a} ${b}`, "eager")).toEqual([...new Set([...left, ...right])].sort());
      }),
    );
  });

  it("exclude is a difference", () => {
    fc.assert(
      fc.property(criterion, criterion, mode, (a, b, m) => {
        expect(ids(a, m, [b])).toEqual(ids(a, m).filter((id) => !ids(b, m).includes(id)));
      }),
    );
  });

  it("eager holds buildable, buildable holds cautious, cautious holds empty", () => {
    fc.assert(
      fc.property(fc.array(criterion, { minLength: 1, maxLength: 4 }), fc.constantFrom(" ", ","), (parts, join) => {
        const sets = MODES.map((m) => ids(parts.join(join), m));
        for (const [index, set] of sets.entries())
          expect(sets[Math.max(0, index - 1)]).toEqual(expect.arrayContaining([...set]));
      }),
    );
  });

  it("never throws on hostile manifests", () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom("model", "test", "source", "seed", "a", true, null),
    );
    const keys = [
      "unique_id",
      "resource_type",
      "name",
      "package_name",
      "fqn",
      "depends_on",
      "config",
      "raw_code",
      "checksum",
      "unrendered_config",
      "columns",
      "contract",
      "tags",
      "test_metadata",
      "path",
      "original_file_path",
      "patch_path",
      "version",
      "latest_version",
      "query_params",
      "exports",
      "overloads",
      "description",
    ];
    const entry = fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: keys.length });
    const file = fc.record({
      metadata: fc.constant({
        dbt_schema_version: "https://schemas.getdbt.com/dbt/manifest/v12.json",
        dbt_version: "1.11.16",
        project_name: "a",
      }),
      nodes: fc.dictionary(fc.constantFrom("a", "b", "__proto__", "model.a.a"), entry),
      sources: fc.dictionary(fc.constantFrom("a", "source.a.b.c"), entry),
      exposures: fc.dictionary(fc.constantFrom("a", "exposure.a.b"), entry),
      saved_queries: fc.dictionary(fc.constantFrom("a", "saved_query.a.b"), entry),
      macros: fc.dictionary(fc.constantFrom("a", "b", "macro.a.b"), entry),
    });
    const text = fc.constantFrom(
      "state:modified+",
      "@state:modified.configs,tag:*",
      "*",
      "path:**",
      "config.a.b:true",
      "version:old",
      "a.b.*",
    );

    fc.assert(
      fc.property(file, file, text, mode, (now, before, selector, indirectSelection) => {
        const [a, b] = [now, before].map((content) => readManifest(JSON.stringify(content), "manifest.json"));
        if (a === undefined || b === undefined) return;
        expect(select(a, b, options(selector, { indirectSelection })).kind).toBe("selected");
      }),
    );
  });

  it("takes a project of 20,000 nodes in a chain", () => {
    const chain = manifest(
      Array.from({ length: 20_000 }, (_, index) =>
        node(`m${index}`, {}, { parents: index === 0 ? [] : [`model.shop.m${index - 1}`] }),
      ),
    );

    expect(selected(chain, "m0+ +m19999 @m5", { indirectSelection: "buildable" })).toHaveLength(20_000);
  });
});

function hintOf(work: () => unknown): string | null {
  try {
    work();
  } catch (error) {
    if (error instanceof SignalboxError) return error.hint;
  }
  return null;
}
