import { describe, expect, it } from "vitest";
import { readChoosing } from "../../src/setup/choosing.ts";

const types = (args: readonly string[], env: Record<string, string> = {}) => readChoosing(args, env).resourceTypes;

describe("what chooses nodes beside the selector", () => {
  it("is nothing where nobody says anything", () => {
    expect(readChoosing([], {})).toEqual({ indirectSelection: null, resourceTypes: { only: [], without: [] } });
  });

  it("is what dbt's variables say, the newer name first", () => {
    expect(types([], { DBT_EXCLUDE_RESOURCE_TYPES: "unit_test  seed" }).without).toEqual(["unit_test", "seed"]);
    expect(types([], { DBT_RESOURCE_TYPES: "seed", DBT_ENGINE_RESOURCE_TYPES: "model" }).only).toEqual(["model"]);
    expect(readChoosing([], { DBT_ENGINE_INDIRECT_SELECTION: "Cautious" }).indirectSelection).toBe("cautious");
  });

  it("is what dbt.args say, each over its variable", () => {
    const env = { DBT_EXCLUDE_RESOURCE_TYPES: "seed", DBT_RESOURCE_TYPES: "model" };

    expect(types(["--exclude-resource-type", "test", "--exclude-resource-types=unit_test"], env)).toEqual({
      only: ["model"],
      without: ["test", "unit_test"],
    });
  });

  it.each<[what: string, args: string[], env: Record<string, string>, where: string]>([
    [
      "with a comma",
      [],
      { DBT_EXCLUDE_RESOURCE_TYPES: "seed,test" },
      'DBT_EXCLUDE_RESOURCE_TYPES is "seed,test": wanted types',
    ],
    // Real dbt 1.11 takes the word and ends with a stack trace.
    ["in capitals", [], { DBT_ENGINE_RESOURCE_TYPES: "Model" }, 'DBT_ENGINE_RESOURCE_TYPES is "Model": wanted types'],
    ["that is all of them", ["--exclude-resource-type", "all"], {}, 'dbt.args is "all": wanted types'],
    ["that nobody builds", ["--resource-type", "source"], {}, 'dbt.args is "source": wanted types'],
    ["of indirect selection", [], { DBT_INDIRECT_SELECTION: "some" }, 'DBT_INDIRECT_SELECTION is "some": wanted eager'],
  ])("is refused for a word %s", (_, args, env, where) => {
    expect(() => readChoosing(args, env)).toThrow(where);
  });
});
