import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CleanRequest, decideClean, prefixOf } from "../../src/run/clean.ts";
import { schemaOf } from "../../src/run/schema.ts";

const hashOf = (branch: string) => createHash("sha256").update(branch).digest("hex");
const schema = (branch: string, template = "ci_{branch}") => schemaOf(template, branch, hashOf(branch));

function decide(overrides: Partial<CleanRequest>) {
  return decideClean({ schemas: [], refs: ["main"], prefix: "ci_", keep: [], hashOf, ...overrides });
}

describe("the schemas to drop", () => {
  it("are those of branches that are gone", () => {
    const [living, gone] = [schema("feature/fx"), schema("feature/old")];

    expect(decide({ schemas: [gone, living], refs: ["main", "feature/fx"] })).toEqual({
      drop: [gone],
      keep: [living],
    });
  });

  it("tell branches of one slug apart by their hash", () => {
    const [living, gone] = [schema("feature/fx"), schema("feature-fx")];

    expect(decide({ schemas: [gone, living], refs: ["feature/fx"] })).toEqual({ drop: [gone], keep: [living] });
  });

  it("are not those of tags, which checks build for too", () => {
    const [tag, gone] = [schema("v1.0"), schema("v0.9")];

    expect(decide({ schemas: [gone, tag], refs: ["main", "v1.0"] })).toEqual({ drop: [gone], keep: [tag] });
  });

  it("are not those that somebody wants to keep, in whatever case", () => {
    const [a, b] = [schema("a"), schema("b")];

    expect(decide({ schemas: [a, b], keep: [a.toUpperCase()] })).toEqual({ drop: [b], keep: [a] });
  });

  it.each([
    "analytics",
    "ci_",
    "ci_prod",
    "ci_feature_fx",
    "ci_feature_fx_12345",
    "ci_feature_fx_1234567",
    "ci_feature_fx_12345g",
    "ci__123456",
    "ci_a__123456",
    "ci_a-b_123456",
    "ci_123456",
    "my_ci_a_123456",
    'ci_a_123456"; drop schema analytics; --',
    "ci_a_123456_staging",
    "ci_a_123456\n",
    "ci_é_123456",
    "",
  ])("are never called %j", (name) => {
    expect(decide({ schemas: [name] })).toEqual({ drop: [], keep: [] });
  });

  it("keep a living branch's schema in a warehouse that writes names in capitals", () => {
    const [living, gone] = [schema("a").toUpperCase(), schema("b").toUpperCase()];

    expect(decide({ schemas: [living, gone], refs: ["a"] })).toEqual({ drop: [gone], keep: [living] });
  });

  it("keep a living branch's schema under an older prefix too", () => {
    const [living, gone] = [schema("a", "pr_{branch}"), schema("b", "pr_{branch}")];

    expect(decide({ schemas: [living, gone], refs: ["a"], prefix: "pr_" })).toEqual({
      drop: [gone],
      keep: [living],
    });
  });

  it("never hold the schema of a branch that is there, whatever it is called, nor one of another prefix", () => {
    const branch = fc.string({ minLength: 1, maxLength: 60, unit: "binary" });
    fc.assert(
      fc.property(fc.array(branch), fc.array(branch), fc.array(fc.string()), (living, others, names) => {
        const schemas = [...living, ...others].map((each) => schema(each)).concat(names);

        const { drop, keep } = decide({ schemas, refs: living });

        const alive = new Set(living.map((each) => schema(each)));
        expect(drop.filter((name) => alive.has(name))).toEqual([]);
        expect([...alive].filter((name) => !keep.includes(name))).toEqual([]);
        for (const name of drop) expect(name).toMatch(/^ci_[a-z0-9_]+_[0-9a-f]{6}$/i);
      }),
    );
  });
});

describe("the prefix of a template", () => {
  it.each([
    ["ci_{branch}", "ci_"],
    ["CI_{branch}", "CI_"],
    ["dbt_ci_{branch}", "dbt_ci_"],
    ["{branch}", null],
    ["c{branch}", null],
    ["ci_{branch}_x", null],
    ["ci_{branch}{branch}", null],
    ["ci-{branch}", null],
    ["1ci_{branch}", null],
    ["ci", null],
    ["", null],
  ])("of %j is %j", (template, expected) => {
    expect(prefixOf(template)).toBe(expected);
  });
});
