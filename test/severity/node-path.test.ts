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
    const place = { folders: PACKAGES, projectDir: "transform" };

    expect(pathOfNode({ package: owner, path }, { projectName }, place)).toBe(expected);
  });

  it.each([
    ["", "models/../../x.sql", null],
    ["", "../shared/x.sql", null],
    ["transform", "../shared/x.sql", "../shared/x.sql"],
    ["transform", "../../x.sql", null],
    ["", "models/../x.sql", "models/../x.sql"],
    ["", "/etc/passwd", null],
    ["", "C:/Users/dana/x.sql", null],
    ["", "..\\..\\x.sql", null],
    ["", "//server/share/x.sql", null],
    ["", "file:///etc/passwd", null],
  ])("of a project in %j is none where %s leads out of the repository", (projectDir, path, expected) => {
    expect(pathOfNode({ package: "shop", path }, { projectName: "shop" }, { folders: PACKAGES, projectDir })).toBe(
      expected,
    );
  });

  it("of a package is none where it climbs out of it and of the repository", () => {
    const place = { folders: PACKAGES, projectDir: "" };

    expect(pathOfNode({ package: "dbt_utils", path: "../../../x.sql" }, { projectName: "shop" }, place)).toBeNull();
  });
});
