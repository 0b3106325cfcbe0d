import { describe, expect, it } from "vitest";
import { pathOfNode } from "../../src/severity/node-path.ts";

const PACKAGES = new Map([
  ["dbt_utils", "dbt_packages/dbt_utils"],
  ["own", "../packages/own"],
]);

describe("the file of a node", () => {
  it.each([
    ["of the project itself", "shop", "models/a.sql", "shop", "models/a.sql"],
    ["of an installed package", "dbt_utils", "models/a.sql", "shop", "dbt_packages/dbt_utils/models/a.sql"],
    ["of a local package beside the project", "own", "tests/a.sql", "shop", "../packages/own/tests/a.sql"],
    ["of a package that lies nowhere", "gone", "models/a.sql", "shop", null],
    ["in a manifest that does not name its project", "shop", "models/a.sql", "", "models/a.sql"],
    ["of a package, in a manifest that does not name its project", "own", "a.sql", "", "../packages/own/a.sql"],
    ["without a package", "", "models/a.sql", "shop", "models/a.sql"],
    ["without a file", "shop", "", "shop", null],
  ])("%s", (_, owner, path, projectName, expected) => {
    expect(pathOfNode({ package: owner, path }, { projectName }, PACKAGES)).toBe(expected);
  });
});
