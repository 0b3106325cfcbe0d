import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { schemaOf } from "../../src/run/schema.ts";

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
