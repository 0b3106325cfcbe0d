import { describe, expect, it } from "vitest";
import { dbtVariable, withoutChoices } from "../../src/dbt/environment.ts";

describe("a variable of dbt", () => {
  it("is read under its newer name first; an empty one is none", () => {
    expect(dbtVariable({ DBT_TARGET: "a" }, "TARGET")).toEqual({ name: "DBT_TARGET", value: "a" });
    expect(dbtVariable({ DBT_TARGET: "a", DBT_ENGINE_TARGET: "b" }, "TARGET")?.value).toBe("b");
    expect(dbtVariable({ DBT_TARGET: "a", DBT_ENGINE_TARGET: "" }, "TARGET")?.value).toBe("a");
    expect(dbtVariable({ DBT_TARGET: "" }, "TARGET")).toBeNull();
  });
});

describe("dbt's environment", () => {
  it.each([
    ...["DBT_STATE", "DBT_ENGINE_STATE", "DBT_DEFER", "DBT_DEFER_STATE", "DBT_ENGINE_FAVOR_STATE"],
    // dbt's old names win over --state and --defer.
    ...["DBT_ARTIFACT_STATE_PATH", "DBT_DEFER_TO_STATE", "DBT_FAVOR_STATE_MODE"],
    ...["DBT_PROJECT_DIR", "DBT_ENGINE_PROJECT_DIR", "DBT_WRITE_JSON", "DBT_PARTIAL_PARSE_FILE_PATH"],
  ])("does not hold %s, and that is said", (name) => {
    expect(withoutChoices({ [name]: "x", PATH: "/bin" })).toEqual({ env: { PATH: "/bin" }, dropped: [name] });
    expect(withoutChoices({ [name]: "" }).dropped).toEqual([]);
  });

  it.each(["DBT_RESOURCE_TYPES", "DBT_ENGINE_EXCLUDE_RESOURCE_TYPES", "DBT_INDIRECT_SELECTION"])(
    "does not hold %s, which the plan reads and hands on",
    (name) => {
      expect(withoutChoices({ [name]: "model" })).toEqual({ env: {}, dropped: [] });
    },
  );

  it.each([
    "DBT_TARGET",
    "DBT_PROFILE",
    "DBT_TARGET_PATH",
    "DBT_FAIL_FAST",
    "DBT_EMPTY",
    "DBT_ENV_SECRET_KEY",
    "DBT_USER",
  ])("holds %s, which a profile may read", (name) => {
    expect(withoutChoices({ [name]: "x" })).toEqual({ env: { [name]: "x" }, dropped: [] });
  });
});
