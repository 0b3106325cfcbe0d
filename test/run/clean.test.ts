import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CleanRequest, decideClean, ownRef, parseNamedRef, prefixOf } from "../../src/run/clean.ts";
import { schemaOf } from "../../src/run/schema.ts";

const hashOf = (branch: string) => createHash("sha256").update(branch).digest("hex");
const schema = (branch: string, template = "ci_{branch}") => schemaOf(template, branch, hashOf(branch));

const own = (...names: string[]) => names.map(ownRef);
const fork = (repository: string, name: string) => ({ ...ownRef(name), fork: repository });
const forkSchema = (repository: string, name: string) => schemaOf("ci_{branch}", name, hashOf(`${repository}:${name}`));

/** Branches by name: what lives, what is known. */
function decide({
  refs = ["main"],
  gone = [],
  ...overrides
}: Partial<CleanRequest> & { refs?: string[]; gone?: string[] }) {
  return decideClean({
    schemas: [],
    living: own(...refs),
    known: own(...gone),
    template: "ci_{branch}",
    prefix: "ci_",
    keep: [],
    also: [],
    hashOf,
    ...overrides,
  });
}

describe("the schemas to drop", () => {
  it("are those of branches that are known to have existed and are gone", () => {
    const [living, gone, unknown] = [schema("feature/fx"), schema("feature/old"), schema("feature/who")];

    expect(decide({ schemas: [gone, living, unknown], refs: ["feature/fx"], gone: ["feature/old"] })).toMatchObject({
      drop: [gone],
      keep: [living],
      notProven: [unknown],
    });
  });

  it("are also those with something behind, as dbt names custom schemas and those of failures", () => {
    const gone = schema("feature/old");
    const schemas = [`${gone}_dbt_test__audit`, `${gone}_staging`, gone];

    expect(decide({ schemas, gone: ["feature/old"] }).drop).toEqual([...schemas].sort());
    expect(decide({ schemas: [`${gone}staging`, `${gone}2`], gone: ["feature/old"] }).drop).toEqual([]);
  });

  it("are never those whose digits only look like a hash: a model's of a living branch, a team's own", () => {
    expect(schema("living")).toBe("ci_living_a93fcd");
    const schemas = ["ci_living_a93fcd", "ci_living_a93fcd_facade", "ci_costs_202401", "ci_costs_202401_marts"];

    expect(decide({ schemas, refs: ["living"], gone: ["costs", "costs/202401", "living/a93fcd"] })).toMatchObject({
      drop: [],
      keep: schemas.slice(0, 2),
      notProven: schemas.slice(2),
    });
  });

  it("are never a living branch's, with whatever behind it, although a branch that is gone had that very name", () => {
    const living = schema("living");
    // A branch whose slug is the living one's schema, and whose hash is what stands behind.
    const asIfGone = (ref: string) => (ref === "living" ? hashOf(ref) : "facade");
    const schemas = [living, `${living}_facade`, `${living}_facade_staging`];
    const name = living.replace(/^ci_/, "").replaceAll("_", "-");

    expect(decide({ schemas, refs: ["living"], gone: [name], hashOf: asIfGone })).toMatchObject({
      drop: [],
      keep: schemas,
    });
  });

  it("are not those of a branch that lives although it is known from before", () => {
    expect(decide({ schemas: [schema("a")], refs: ["a"], gone: ["a"] })).toMatchObject({
      drop: [],
      keep: [schema("a")],
    });
  });

  it("tell branches of one slug apart by their hash", () => {
    const [living, gone] = [schema("feature/fx"), schema("feature-fx")];

    expect(decide({ schemas: [gone, living], refs: ["feature/fx"], gone: ["feature-fx"] })).toMatchObject({
      drop: [gone],
      keep: [living],
    });
  });

  it("are known by a slug that was cut", () => {
    const long = `feature/${"x".repeat(60)}`;
    const [gone, other] = [schema(long), schema(`${long}y`)];

    expect(gone.slice(0, -7)).toBe(other.slice(0, -7));
    expect(decide({ schemas: [gone, other, `${gone}_staging`], gone: [long] })).toMatchObject({
      drop: [gone, `${gone}_staging`],
      notProven: [other],
    });
  });

  it("are those of a fork's branch only where that fork's is known, and not where it is open", () => {
    const [theirs, others, ours] = [forkSchema("sam/shop", "fx"), forkSchema("kim/shop", "fx"), schema("fx")];
    const schemas = [theirs, others, ours];
    const known = [fork("sam/shop", "fx")];

    expect(decide({ schemas, known })).toMatchObject({ drop: [theirs], notProven: [others, ours].sort() });
    expect(decide({ schemas, known, living: known })).toMatchObject({ drop: [], keep: [theirs] });
  });

  it("are not those of tags, which checks build for too", () => {
    const [tag, gone] = [schema("v1.0"), schema("v0.9")];

    expect(decide({ schemas: [gone, tag], refs: ["main", "v1.0"], gone: ["v0.9"] })).toMatchObject({
      drop: [gone],
      keep: [tag],
    });
  });

  it("are not those that somebody wants to keep, nor what has something behind them, in whatever case", () => {
    const [a, b] = [schema("a"), schema("b")];
    const schemas = [a, `${a}_staging`, b];

    expect(decide({ schemas, gone: ["a", "b"], keep: [a.toUpperCase()] })).toMatchObject({
      drop: [b],
      keep: [a, `${a}_staging`],
    });
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
    "ci_a_123456\n",
    "ci_é_123456",
    "",
  ])("are never called %j, and nobody is told of it", (name) => {
    expect(decide({ schemas: [name] })).toMatchObject({ drop: [], keep: [], notProven: [] });
  });

  it("keep a living branch's schema in a warehouse that writes names in capitals", () => {
    const [living, gone] = [schema("a").toUpperCase(), `${schema("b")}_staging`.toUpperCase()];

    expect(decide({ schemas: [living, gone], refs: ["a"], gone: ["b"] })).toMatchObject({
      drop: [gone],
      keep: [living],
    });
  });

  it("keep a living branch's schema under an older prefix too", () => {
    const [living, gone] = [schema("a", "pr_{branch}"), schema("b", "pr_{branch}")];

    expect(
      decide({ schemas: [living, gone], refs: ["a"], gone: ["b"], template: "pr_{branch}", prefix: "pr_" }),
    ).toMatchObject({
      drop: [gone],
      keep: [living],
    });
  });

  it("never hold the schema of a branch that is there, nor one that no known branch had", () => {
    const branch = fc.string({ minLength: 1, maxLength: 60, unit: "binary" });
    const behind = fc.constantFrom("", "_staging", "_dbt_test__audit", "_facade");
    const named = fc.array(fc.tuple(branch, behind));
    fc.assert(
      fc.property(named, named, fc.array(fc.string()), (living, others, names) => {
        const schemas = [...living, ...others].map(([each, text]) => schema(each) + text).concat(names);
        const [refs, gone] = [living.map(([each]) => each), others.map(([each]) => each)];

        const { drop, keep } = decide({ schemas, refs, gone });

        const alive = refs.map((each) => schema(each));
        for (const name of drop) {
          expect(alive.filter((root) => name === root || name.startsWith(`${root}_`))).toEqual([]);
          expect(gone.some((each) => name === schema(each) || name.startsWith(`${schema(each)}_`))).toBe(true);
        }
        for (const root of living.map(([each, text]) => schema(each) + text)) expect(keep).toContain(root);
      }),
    );
  });
});

describe("the schemas of checks that are named after pull requests", () => {
  const pull = (name: string, pullRequest: number) => ({ ...ownRef(name), pullRequest });
  const naming = { template: "ci_{pr}", prefix: "ci_" };
  const before = schema("feature/old");

  it("are dropped with the closed pull request, also those from before it was opened", () => {
    const schemas = ["ci_12", "ci_120", "ci_2024", "ci_7", "ci_7_staging", before, `${before}_staging`];

    expect(decide({ schemas, ...naming, known: [pull("feature/old", 12)], living: [pull("fx", 7)] })).toMatchObject({
      drop: ["ci_12", before, `${before}_staging`],
      keep: ["ci_7", "ci_7_staging"],
      notProven: ["ci_120", "ci_2024"],
    });
  });

  it("prove nothing of what stands behind a number: that can be anybody's", () => {
    const schemas = ["ci_12_staging", "ci_2024_costs"];
    const known = [pull("feature/old", 12), pull("feature/older", 2024)];

    expect(decide({ schemas, ...naming, known })).toMatchObject({ drop: [], notProven: schemas });
    expect(decide({ schemas: ["pr12", "pr12_staging"], template: "pr{pr}", prefix: "pr", known })).toMatchObject({
      drop: ["pr12"],
      notProven: ["pr12_staging"],
    });
  });

  it("have what stands behind them where the template has the branch too", () => {
    const both = { template: "ci_{pr}_{branch}", prefix: "ci_" };
    const own = schema("feature/old").replace("ci_", "ci_12_");

    expect(decide({ schemas: [own, `${own}_staging`], ...both, known: [pull("feature/old", 12)] })).toMatchObject({
      drop: [own, `${own}_staging`],
    });
  });

  it("are dropped with it although the branch lives on, whose own are not", () => {
    const schemas = ["ci_12", "ci_13", before];
    const living = [ownRef("feature/old"), pull("feature/old", 13)];

    expect(decide({ schemas, ...naming, known: [pull("feature/old", 12)], living })).toMatchObject({
      drop: ["ci_12"],
      keep: ["ci_13", before],
    });
  });

  it("are no numbers where the template has none", () => {
    expect(decide({ schemas: ["ci_12"], known: [pull("feature/old", 12)] })).toMatchObject({ drop: [], notProven: [] });
  });
});

describe("a schema that is named to be dropped", () => {
  it("is dropped without a proof, alone, in whatever case", () => {
    const schemas = ["ci_costs_202401", "ci_costs_202401_marts", "ci_reports"];

    expect(decide({ schemas, also: ["CI_COSTS_202401", "ci_reports"] })).toMatchObject({
      drop: ["ci_costs_202401", "ci_reports"],
      notProven: ["ci_costs_202401_marts"],
      contradicted: [],
      absent: [],
    });
  });

  it("is not dropped where it is a living branch's or one to keep, which is a contradiction", () => {
    const living = `${schema("a")}_staging`;
    const schemas = [living, "ci_costs_202401"];

    expect(decide({ schemas, refs: ["a"], also: schemas, keep: ["ci_costs_202401"] })).toMatchObject({
      drop: [],
      contradicted: schemas.sort(),
    });
  });

  it.each(["analytics", "ci_not_there"])("is absent where no schema of checks is called so: %s", (name) => {
    expect(decide({ schemas: ["analytics", "ci_reports"], also: [name] })).toMatchObject({ drop: [], absent: [name] });
  });
});

describe("a branch as a person names it", () => {
  it.each([
    ["feature/fx", { name: "feature/fx", fork: null, pullRequest: null }],
    ["sam/shop:feature/fx", { name: "feature/fx", fork: "sam/shop", pullRequest: null }],
  ])("%s", (text, expected) => {
    expect(parseNamedRef(text)).toEqual(expected);
  });
});

describe("the prefix of a template", () => {
  it.each([
    ["ci_{branch}", "ci_"],
    ["CI_{branch}", "CI_"],
    ["dbt_ci_{branch}", "dbt_ci_"],
    ["ci_{pr}", "ci_"],
    ["ci_{pr}_{branch}", "ci_"],
    ["ci_{pr}_x", null],
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
