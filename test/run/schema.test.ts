import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { holdsMark, markOf, schemaOf } from "../../src/run/schema.ts";

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

describe("the schema of a branch", () => {
  it.each([
    ["feature/fx-rates", "ci_feature_fx_rates_"],
    ["dependabot/pip/dbt-core-1.11", "ci_dependabot_pip_dbt_core_1_11_"],
    ["ÄÖÜ", "ci_branch_"],
    ["Feature/FX", "ci_feature_fx_"],
  ])("of %s begins with %s", (branch, start) => {
    expect(schemaOf("ci_{branch}", branch, hashOf(branch))).toMatch(new RegExp(`^${start}[0-9a-f]{6}$`));
  });

  it("is a plain identifier of at most 63 characters, whatever the branch is called", () => {
    fc.assert(
      fc.property(fc.string(), (branch) => {
        expect(schemaOf("ci_{branch}", branch, hashOf(branch))).toMatch(/^[a-z0-9_]{1,63}$/);
      }),
    );
  });

  it("keeps two branches apart that have one slug", () => {
    expect(schemaOf("ci_{branch}", "a/b", hashOf("a/b"))).not.toBe(schemaOf("ci_{branch}", "a-b", hashOf("a-b")));
  });
});

describe("{pr}", () => {
  const hash = hashOf("feature/fx");

  it("is the number of the pull request, and slug and hash where there is none", () => {
    expect(schemaOf("ci_{pr}", "feature/fx", hash, 12)).toBe("ci_12");
    expect(schemaOf("ci_{pr}", "feature/fx", hash)).toBe(schemaOf("ci_{branch}", "feature/fx", hash));
    expect(schemaOf("ci_{pr}_{branch}", "feature/fx", hash, 12)).toBe(`ci_12_feature_fx_${hash.slice(0, 6)}`);
  });

  it.each<[template: string, pullRequest: number | null, mark: string | null]>([
    ["ci_{branch}", 12, `feature_fx_${hash.slice(0, 6)}`],
    ["ci_{pr}", 12, "ci_12"],
    ["ci_{pr}", null, `feature_fx_${hash.slice(0, 6)}`],
    ["ci_{pr}_{branch}", 12, `feature_fx_${hash.slice(0, 6)}`],
    ["ci", 12, null],
  ])("in %s with the pull request %s is known by %s", (template, pullRequest, mark) => {
    expect(markOf(template, { branch: "feature/fx", hash, pullRequest })).toBe(mark);
  });

  it("tells no two pull requests' schemas for one", () => {
    expect(holdsMark("ci_12_staging", "ci_12")).toBe(true);
    expect(holdsMark("CI_12", "ci_12")).toBe(true);
    expect(holdsMark("ci_123", "ci_12")).toBe(false);
    expect(holdsMark("xci_12", "ci_12")).toBe(false);
    expect(holdsMark("ci_123_ci_12", "ci_12")).toBe(true);
  });
});

it("the schema of any branch holds its own mark, and that of no other", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      const owner = (branch: string) => ({ branch, hash: hashOf(branch), pullRequest: null });
      const mark = markOf("ci_{branch}", owner(one)) ?? "";
      expect(holdsMark(`x_${schemaOf("ci_{branch}", one, hashOf(one))}_staging`, mark)).toBe(true);
      if (one !== other) expect(holdsMark(schemaOf("ci_{branch}", other, hashOf(other)), mark)).toBe(false);
    }),
  );
});
