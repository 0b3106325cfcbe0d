import { describe, expect, it } from "vitest";
import { choosePassEnv, type PassEnvFacts } from "../../src/run/pass-env.ts";

const own = ["GH_TOKEN", "CIRCLE_OIDC_TOKEN"];

function choose(overrides: Partial<PassEnvFacts>) {
  return choosePassEnv({ own, shared: { kind: "read", names: own }, baseBranch: "main", distrust: null, ...overrides });
}

describe("dbt.pass_env", () => {
  it("hands dbt what the base branch's file names too", () => {
    expect(choose({})).toEqual({ names: own, note: null });
    expect(choose({ own: [] })).toEqual({ names: [], note: null });
    expect(choose({ shared: { kind: "read", names: [...own, "SLACK_BOT_TOKEN"] } })).toEqual({
      names: own,
      note: null,
    });
  });

  it("hands it nothing that only the branch's own file names, and says so", () => {
    expect(choose({ shared: { kind: "read", names: ["GH_TOKEN"] } })).toEqual({
      names: ["GH_TOKEN"],
      note: "dbt.pass_env: CIRCLE_OIDC_TOKEN not handed to dbt: the file of main does not name them",
    });
  });

  it("hands it nothing where the base branch's file cannot be read", () => {
    expect(choose({ shared: { kind: "unreadable" }, baseBranch: null })).toEqual({
      names: [],
      note: "dbt.pass_env: GH_TOKEN, CIRCLE_OIDC_TOKEN not handed to dbt: the file of the base branch has to name them too, and it cannot be read",
    });
  });

  it.each([{ kind: "read", names: own }, { kind: "own" }] as const)(
    "hands a fork nothing, whatever any file says: $kind",
    (shared) => {
      expect(choose({ shared, distrust: "the run comes from a fork" })).toEqual({
        names: [],
        note: "dbt.pass_env: GH_TOKEN, CIRCLE_OIDC_TOKEN not handed to dbt: the run comes from a fork",
      });
    },
  );

  it("is what the file at hand says on a person's own machine", () => {
    expect(choose({ shared: { kind: "own" }, baseBranch: null })).toEqual({ names: own, note: null });
  });
});
